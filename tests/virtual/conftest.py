"""Running virtual boards with the test program, one of each kind for the whole session."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from harness.bench import LeasedBoard, open_board
from tests.virtual.program import KINDS, Console, build_program


@pytest.fixture(scope="session")
def boards() -> Iterator[dict[str, LeasedBoard]]:
    """A flashed board of each kind, with a flash as fast as RAM: cycles are those of the instructions."""
    with ExitStack() as stack:
        opened = {kind: stack.enter_context(open_board(f"virtual:{kind}?wait_states=0")) for kind in KINDS}
        for kind, board in opened.items():
            board.flash(build_program(kind))
        yield opened


@pytest.fixture(params=KINDS)
def console(request: pytest.FixtureRequest, boards: dict[str, LeasedBoard]) -> Iterator[Console]:
    """A console to a freshly reset board of either kind."""
    with Console(boards[request.param]) as opened:
        yield opened


@pytest.fixture
def console_m0(boards: dict[str, LeasedBoard]) -> Iterator[Console]:
    """A console to the Cortex-M0 board."""
    with Console(boards["nrf51-dk"]) as opened:
        yield opened


@pytest.fixture
def console_m4(boards: dict[str, LeasedBoard]) -> Iterator[Console]:
    """A console to the Cortex-M4 board."""
    with Console(boards["nrf52840-dk"]) as opened:
        yield opened
