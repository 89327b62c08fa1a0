"""`harness boards`."""

import json
from dataclasses import asdict

import rich_click as click


@click.group()
def boards() -> None:
    """What boards there are."""


@boards.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_command(as_json: bool) -> None:
    """List the units of the bench file and the virtual boards.

    \b
    Example:
      harness boards list --json
    """
    from rich.console import Console
    from rich.table import Table

    from harness.bench import list_boards

    rows = list_boards()
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], indent=2))
        return
    table = Table("board", "kind", "probe", "port", "state", box=None, pad_edge=False)
    for row in rows:
        table.add_row(row.name, row.kind, row.probe or "", row.port or "", row.state)
    Console().print(table)
