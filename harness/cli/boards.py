"""`harness boards`."""

from dataclasses import asdict
from pathlib import Path

import rich_click as click

from harness.cli.boards_quarantine import quarantine
from harness.cli.boards_serve import serve
from harness.cli.output import STDOUT, json_option, write_json


@click.group()
def boards() -> None:
    """What boards there are, and how they are."""


boards.add_command(quarantine)
boards.add_command(serve)


@boards.command("list")
@json_option
def list_command(json_path: Path | None) -> None:
    """List the units of the bench file and the virtual boards.

    \b
    Example:
      harness boards list --json -
    """
    from rich.console import Console
    from rich.table import Table

    from harness.bench import list_boards

    rows = list_boards()
    write_json([asdict(row) for row in rows], json_path)
    if json_path == STDOUT:
        return
    table = Table("board", "kind", "probe", "port", "state", box=None, pad_edge=False)
    for row in rows:
        table.add_row(row.name, row.kind, row.probe or "", row.port or "", row.state)
    Console().print(table)
