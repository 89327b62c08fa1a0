"""Cycle counts of a running board: equal to those computed by hand, and the same in every run."""

import pytest

from harness.bench import open_board
from tests.virtual.program import KINDS, Console, build_program


def test_loop_costs_what_the_manual_says(console: Console) -> None:
    # n rounds of subs (1) and bne (3 taken, 1 at last): 4 n - 2 cycles; the rest is the same for every n.
    short, long = console.number("1"), console.number("2")
    assert long - short == 4 * (3000 - 1000)
    assert 4 * 1000 - 2 <= short <= 4 * 1000 - 2 + 40


def test_same_cycles_every_time(console: Console) -> None:
    assert len({console.number("1") for _ in range(5)}) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_same_cycles_on_every_board(kind: str) -> None:
    answers = set()
    for _ in range(2):
        with open_board(f"virtual:{kind}?wait_states=0") as board:
            board.flash(build_program(kind))
            with Console(board) as console:
                answers.add((console.number("1"), console.number("2"), console.number("1")))
    assert len(answers) == 1


def test_debugger_that_halts_in_between_changes_no_cycle(console: Console) -> None:
    undisturbed = console.number("3")
    console.port.write(b"3")
    target = console.board.session().target
    halts = 0
    while not console.port.in_waiting and halts < 50:
        target.halt()
        halts += 1
        target.resume()
    assert halts >= 1
    assert int(console.line(), 16) == undisturbed


def test_time_goes_on_while_the_program_waits(console_m0: Console) -> None:
    import time

    before, start = console_m0.number("t"), time.monotonic()
    time.sleep(0.3)
    after, wall_s = console_m0.number("t"), time.monotonic() - start
    assert 0.2 < (after - before) / 16e6 < wall_s + 0.1
