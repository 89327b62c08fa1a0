"""A standing virtual board, for the tools of others and for boards of the bench file that are emulated."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.bench.board import LeasedBoard
from harness.bench.gdb import gdb_server
from harness.bench.probe import preload
from harness.bench.spawn import VirtualProcess
from harness.bench.unit import Unit
from harness.config.kinds import load_kind

Pace = Literal["realtime", "max"]
"""`realtime`: the board's clock keeps to the wall's. `max`: it runs as fast as it can be emulated."""


@dataclass(frozen=True)
class ServedBoard:
    """A virtual board that others can use now.

    Attributes:
        kind: Its kind.
        pyocd_target: What pyOCD calls its chip.
        probe: Unique id of its probe.
        port: Path of its serial port.
        baud: Speed of the serial line, bits a second.
        meter: Its simulated power meter, as a row of the bench file names it.
        pace: What its clock keeps to.
        gdb_port: TCP port of its gdb server; None where there is none.
        process: What runs it.
    """

    kind: str
    pyocd_target: str
    probe: str
    port: str
    baud: int
    meter: str | None
    pace: Pace
    gdb_port: int | None
    process: VirtualProcess


@contextmanager
def serve_board(
    unit: Unit,
    *,
    image: Path | None = None,
    pace: Pace = "realtime",
    pty: Path | None = None,
    gdb_port: int | None = None,
    unique_id: str | None = None,
) -> Iterator[ServedBoard]:
    """Run a virtual board until the block ends.

    Args:
        unit: A virtual board that is not served yet.
        image: ELF file to flash first.
        pace: What its clock keeps to.
        pty: Link to be made to the serial port, the same at every start.
        gdb_port: TCP port for a gdb server, which then holds the probe; 0 for any that is free.
        unique_id: Of the probe; made up where it is None.

    Raises:
        InputError: The image cannot be used, or the TCP port is taken.
        ProbeError: The board does not start.
        FlashError: The image cannot be programmed.
    """
    kind = load_kind(unit.kind)
    options = [*unit.options, "--pace", pace]
    if pty is not None:
        options += ["--pty", str(pty)]
    if unique_id is not None:
        options += ["--unique-id", unique_id]
    with ExitStack() as stack:
        process = VirtualProcess(unit.name, unit.kind, options)
        stack.callback(process.close)
        preload()
        board = LeasedBoard(unit, kind, process)
        try:
            if image is not None:
                board.flash(image)
        finally:
            board.close()
        listens_at = None
        if gdb_port is not None:
            server = gdb_server(unit.name, board.probe_uid, kind, True, gdb_port)
            listens_at = stack.enter_context(server)
        yield ServedBoard(
            kind.name,
            kind.pyocd_target,
            board.probe_uid,
            board.port_path,
            board.baud,
            board.meter,
            pace,
            listens_at,
            process,
        )
