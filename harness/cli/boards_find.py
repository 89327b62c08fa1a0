"""`harness boards detect`, `doctor` and `udev`: what is on the desk, and what is wrong with it."""

from dataclasses import asdict
from pathlib import Path

import rich_click as click

from harness.cli.output import STDOUT, json_option, write_json


@click.command()
@click.option("--write", is_flag=True, help="Add the rows to the bench file; what is in it stays as it is.")
@json_option
def detect(write: bool, json_path: Path | None) -> None:
    """Find the boards that are connected, and propose their rows for the bench file.

    Probe and serial port belong together when they have the same USB serial number. Each board is asked its name.

    \b
    Examples:
      harness boards detect
      harness boards detect --write
    """
    from rich.console import Console
    from rich.table import Table

    from harness.bench.detect import add_rows, detect_boards
    from harness.config.paths import bench_file
    from harness.dut.identify import ask_name

    found = detect_boards(ask_name)
    added = add_rows(bench_file(), found) if write else []
    write_json([{**asdict(board), "added": board.name in added} for board in found], json_path)
    if json_path == STDOUT:
        return
    if not found:
        click.echo("No probe is connected. If one is plugged in, see `harness boards udev`.")
        return
    table = Table("board", "kind", "probe", "port", "meter", "answers", "row", box=None, pad_edge=False)
    for board in found:
        state = "added" if board.name in added else "in the bench file" if board.known else "new"
        table.add_row(
            board.name,
            board.kind or "?",
            board.probe,
            board.port or "?",
            board.meter or "",
            board.answered or "nobody",
            state,
        )
    console = Console(soft_wrap=True)
    console.print(table)
    for board in found:
        if board.remark:
            console.print(f"{board.name}: {board.remark}", markup=False)
    if not write and any(not board.known for board in found):
        console.print(f"`harness boards detect --write` adds the new ones to {bench_file()}.")


@click.command()
@click.argument("unit")
@click.option(
    "--image", type=click.Path(path_type=Path, exists=True), metavar="ELF", help="Program to flash first."
)
@json_option
@click.pass_context
def doctor(context: click.Context, unit: str, image: Path | None, json_path: Path | None) -> None:
    """Examine UNIT step by step, with a remedy for what is wrong; ends with code 4 if anything is.

    A board in quarantine is examined too. Without --image the flash is tried on its last page, which gets its
    content back.

    \b
    Examples:
      harness boards doctor desk
      harness boards doctor virtual:nrf52840-dk --image build/digits-nrf52840-dk/image.elf
    """
    from rich.console import Console

    from harness.bench import open_board
    from harness.dut.doctor import examine

    console = Console(soft_wrap=True, highlight=False)
    checks = []
    with open_board(unit, even_quarantined=True) as board:
        for check in examine(board, image):
            checks.append(check)
            if json_path != STDOUT:
                color = {"good": "green", "bad": "red"}.get(check.verdict, "dim")
                console.print(f"[{color}]{check.verdict:9}[/] {check.step:32}", end=" ")
                console.print(check.found, markup=False)
                if check.remedy:
                    console.print(f"{'':10}do: {check.remedy}", markup=False)
    write_json([asdict(check) for check in checks], json_path)
    if any(check.verdict == "bad" for check in checks):
        context.exit(4)


@click.command()
def udev() -> None:
    """Print the udev rule that lets you use debug probes without being root.

    \b
    Example:
      harness boards udev | sudo tee /etc/udev/rules.d/60-tinyml-harness.rules
    """
    from harness.bench.usb import udev_rules

    click.echo(udev_rules(), nl=False)
