"""`harness boards`."""

from dataclasses import asdict
from pathlib import Path

import rich_click as click

from harness.cli.boards_find import detect, doctor, udev
from harness.cli.boards_quarantine import quarantine
from harness.cli.boards_serve import serve
from harness.cli.output import STDOUT, json_option, write_json


@click.group()
def boards() -> None:
    """What boards there are, and how they are."""


for _command in (detect, doctor, quarantine, serve, udev):
    boards.add_command(_command)


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


@boards.command()
@click.argument("unit")
@json_option
def show(unit: str, json_path: Path | None) -> None:
    """Show what is known of UNIT and of its kind.

    \b
    Example:
      harness boards show virtual:nrf52840-dk
    """
    from rich.console import Console
    from rich.table import Table

    from harness.bench import list_boards, resolve
    from harness.config.kinds import load_kind

    found = resolve(unit)
    kind = load_kind(found.kind)
    state = next((row.state for row in list_boards() if row.name == found.name), "emulated")
    faults = found.faults.model_dump(exclude_defaults=True)
    fields = found.model_dump(exclude={"faults"}) | {"faults": faults, "state": state}
    write_json(fields | {"kind": kind.model_dump()}, json_path)
    if json_path == STDOUT:
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in (fields | {"chip": kind.title, "target": kind.pyocd_target, "see": kind.doc}).items():
        if value not in ("", None, {}):
            table.add_row(name, str(value))
    Console(soft_wrap=True).print(table)
