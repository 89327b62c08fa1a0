"""From a board's name to a leased, flashed, connected board.

pyOCD is imported only when a board is opened, so that reading the inventory stays quick.
The room is also a verb: `harness.bench(...)`.
"""

from collections.abc import Callable
from typing import Any

from harness.bench.board import LeasedBoard
from harness.bench.inventory import load_bench, resolve
from harness.bench.listing import BoardRow, list_boards
from harness.bench.opening import open_board
from harness.bench.programmer import FlashReport
from harness.bench.recovery import RecoveryStep
from harness.bench.unit import Unit
from harness.callable_module import make_callable

__all__ = [
    "BoardRow",
    "FlashReport",
    "LeasedBoard",
    "RecoveryStep",
    "Unit",
    "list_boards",
    "load_bench",
    "open_board",
    "resolve",
]


def _bench() -> Callable[..., Any]:
    from harness.api import bench

    return bench


make_callable(__name__, _bench)
