"""Opening a board of the bench: lease, quarantine, and the process of a virtual one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.bench.board import LeasedBoard
from harness.bench.inventory import resolve
from harness.bench.lease import lease
from harness.bench.probe import preload
from harness.bench.quarantine import refuse_quarantined
from harness.bench.recovery import RecoveryStep
from harness.bench.spawn import VirtualProcess
from harness.bench.unit import Unit
from harness.config.kinds import load_kind


@contextmanager
def open_board(
    board: str | Unit,
    *,
    wait_s: float = 0.0,
    even_quarantined: bool = False,
    on_recovery: Callable[[RecoveryStep], None] = lambda step: None,
) -> Iterator[LeasedBoard]:
    """Lease a board, and start it if it is a virtual one that nobody serves.

    Args:
        board: Name of a unit of the bench file, or `virtual:<kind>`, which may have `?<settings>`.
        wait_s: How long to wait for another holder of the lease.
        even_quarantined: Whether to open a board that is set aside, to examine it.
        on_recovery: Told of each step that is taken to mend it.

    Raises:
        InputError: There is no such board.
        BusyError: Another process holds it.
        QuarantinedError: It is set aside.
        ProbeError: The virtual board does not start.
    """
    unit = board if isinstance(board, Unit) else resolve(board)
    kind = load_kind(unit.kind)
    if not even_quarantined:
        refuse_quarantined(unit.name)
    with lease(unit, wait_s):
        process = None if unit.standing else VirtualProcess(unit.name, unit.kind, unit.options)
        try:
            preload()
            leased = LeasedBoard(unit, kind, process, on_recovery)
            try:
                yield leased
            finally:
                leased.close()
        finally:
            if process:
                process.close()
