"""`harness runs`."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import rich_click as click

from harness.cli.export import export
from harness.cli.filters import filter_options
from harness.cli.options import results_option
from harness.cli.output import STDOUT, json_option, write_json


@click.group()
def runs() -> None:
    """Look at what has been measured, row by row."""


runs.add_command(export)


@runs.command("list")
@click.option("--study", metavar="NAME", help="Only rows of this study.")
@filter_options
@click.option(
    "--last", type=click.IntRange(1), default=20, show_default=True, help="How many rows, the newest ones."
)
@json_option
@results_option
def list_command(
    study: str | None, filters: dict[str, str], last: int, json_path: Path | None, results_dir: Path
) -> None:
    """List the newest rows, oldest of them first.

    \b
    Examples:
      harness runs list --board virtual:nrf52840-dk --last 5
      harness runs list --status failed --json -
    """
    from rich.console import Console

    from harness.cli.runs_tables import list_table
    from harness.store import Store

    with Store(results_dir, create=False) as store:
        if study is not None:
            store.study(study)
        rows = store.measurements(study, **filters)
    shown = rows[-last:]
    write_json([asdict(row) for row in shown], json_path)
    if json_path == STDOUT:
        return
    if not rows:
        click.echo("No row is like that.")
        return
    console = Console()
    console.print(list_table(shown, console.width))
    if len(shown) < len(rows):
        click.echo(f"The last {len(shown)} of {len(rows)} rows; --last {len(rows)} shows all.")


@runs.command()
@click.argument("row", type=int)
@json_option
@results_option
def show(row: int, json_path: Path | None, results_dir: Path) -> None:
    """Show everything that is known of ROW, a number of `harness runs list`.

    \b
    Example:
      harness runs show 12
    """
    from rich.console import Console

    from harness.cli.runs_tables import show_table
    from harness.store import Store

    with Store(results_dir, create=False) as store:
        found = store.measurement(row)
    write_json(asdict(found), json_path)
    if json_path != STDOUT:
        Console().print(show_table(found))


@runs.command()
@click.argument("first", type=int)
@click.argument("second", type=int)
@json_option
@results_option
def compare(first: int, second: int, json_path: Path | None, results_dir: Path) -> None:
    """Show what differs between two rows: figures with their change, then what may have caused it.

    \b
    Example:
      harness runs compare 12 15
    """
    from rich.console import Console

    from harness.cli.runs_tables import compare_table
    from harness.store import Store
    from harness.store.difference import differences

    with Store(results_dir, create=False) as store:
        found = differences(store.measurement(first), store.measurement(second))
    content: list[dict[str, Any]] = [asdict(item) for item in found]
    write_json(content, json_path)
    if json_path == STDOUT:
        return
    if found:
        Console().print(compare_table(found, first, second))
    else:
        click.echo(f"Rows {first} and {second} differ in nothing but when they were measured.")
