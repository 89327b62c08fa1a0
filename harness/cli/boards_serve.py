"""`harness boards serve`."""

from pathlib import Path

import rich_click as click

from harness.bench.serve import Pace, ServedBoard
from harness.cli.output import STDOUT, console_beside, json_option, write_json

_LISTEN_S = 1.0


@click.command()
@click.argument("kind")
@click.option("--image", type=click.Path(path_type=Path), metavar="ELF", help="Program to flash first.")
@click.option(
    "--pace",
    type=click.Choice(["realtime", "max"]),
    default="realtime",
    show_default=True,
    help="Whether the board's clock keeps to the wall's, or runs as fast as it can be emulated.",
)
@click.option(
    "--pty",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Link to the serial port, the same each time.",
)
@click.option(
    "--gdb", "gdb_port", type=click.IntRange(0, 65535), metavar="PORT", help="Serve gdb; 0 for a free port."
)
@click.option("--faults", default="", metavar="NAME=VALUE&...", help="What to do wrong; see docs/faults.md.")
@click.option("--unique-id", metavar="ID", help="Id of the probe, the same each time.")
@json_option
def serve(
    kind: str,
    image: Path | None,
    pace: Pace,
    pty: Path | None,
    gdb_port: int | None,
    faults: str,
    unique_id: str | None,
    json_path: Path | None,
) -> None:
    """Run a virtual board of a KIND for other programs, until Ctrl-C.

    It is a probe to every program that uses pyOCD, and a serial port to every host. A gdb server holds the
    probe as long as it runs.

    \b
    Examples:
      harness boards serve nrf52840-dk --image build/digits-nrf52840-dk/image.elf --pty /tmp/board
      harness boards serve nrf52840-dk --image image.elf --gdb 3333
      harness boards serve nrf51-dk --faults "drop=0.001&hang_after=30" --json board.json
    """
    from harness.bench import resolve
    from harness.bench.serve import serve_board

    unit = resolve(f"virtual:{kind}?{faults}" if faults else f"virtual:{kind}")
    console = console_beside(json_path)
    try:
        with serve_board(
            unit, image=image, pace=pace, pty=pty, gdb_port=gdb_port, unique_id=unique_id
        ) as board:
            fields = {name: value for name, value in vars(board).items() if name != "process"}
            write_json(fields, json_path)
            if json_path != STDOUT:
                _show(board)
            lost_s = 0.0
            while board.process.running():
                now_s = board.process.lost_s(_LISTEN_S)
                if now_s > lost_s:
                    console.print(f"The emulation is slower than the chip: {now_s:.1f} s behind so far.")
                    lost_s = now_s
    except KeyboardInterrupt:
        console.print("The board is gone.")
        return
    raise click.ClickException("the board's process has ended by itself")


def _show(board: ServedBoard) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("serial port", f"{board.port}  ({board.baud} 8N1)")
    table.add_row("probe", board.probe)
    table.add_row("meter", f"{board.meter}  (simulated)")
    table.add_row("pyOCD", f"pyocd commander -u {board.probe} -t {board.pyocd_target}")
    if board.gdb_port is not None:
        table.add_row("gdb", f"target remote localhost:{board.gdb_port}")
    table.add_row("clock", "keeps to the wall's" if board.pace == "realtime" else "as fast as emulated")
    console = Console(soft_wrap=True)
    console.print(table)
    console.print("Ctrl-C ends it.")
