"""`harness boards quarantine`."""

from dataclasses import asdict
from pathlib import Path

import rich_click as click

from harness.cli.output import STDOUT, json_option, write_json


@click.group()
def quarantine() -> None:
    """Boards that failed every attempt to mend them, and are refused until you lift them."""


@quarantine.command("list")
@json_option
def list_command(json_path: Path | None) -> None:
    """List them, with the reason and since when.

    \b
    Example:
      harness boards quarantine list
    """
    from rich.console import Console
    from rich.table import Table

    from harness.bench.quarantine import quarantined

    rows = quarantined()
    write_json([asdict(row) for row in rows], json_path)
    if json_path == STDOUT:
        return
    if not rows:
        click.echo("No board is in quarantine.")
        return
    table = Table("board", "since", "reason", box=None, pad_edge=False)
    for row in rows:
        table.add_row(row.unit, row.since, row.reason)
    Console().print(table)


@quarantine.command()
@click.argument("unit")
@json_option
def lift(unit: str, json_path: Path | None) -> None:
    """Let UNIT be used again.

    \b
    Example:
      harness boards quarantine lift desk
    """
    from harness.bench.quarantine import lift as lift_quarantine

    lift_quarantine(unit)
    write_json({"unit": unit, "quarantined": False}, json_path)
    if json_path != STDOUT:
        click.echo(f"{unit} can be used again.")
