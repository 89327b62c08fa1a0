"""Injected faults by themselves; what the harness makes of them is in tests/conformance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.faults import Faults, parse_faults
from harness.errors import InputError
from harness.virtual.injection import Injector
from harness.virtual.memory import Ram

DATA = bytes(range(33, 123)) * 40


def injector(**faults: object) -> Injector:
    return Injector(Faults.model_validate(faults))


def to_host(board: Injector, data: bytes) -> bytes:
    return b"".join(board.to_host(value) for value in data)


def test_without_faults_everything_arrives() -> None:
    assert to_host(injector(), DATA) == DATA == injector().to_board(DATA)


@pytest.mark.parametrize("fault", ["drop", "corrupt", "duplicate"])
@pytest.mark.parametrize("direction", ["both", "to-host", "to-board"])
def test_share_of_the_bytes_and_direction(fault: str, direction: str) -> None:
    board = injector(**{fault: 0.1, "direction": direction})
    for arrived, way in ((to_host(board, DATA), "to-host"), (board.to_board(DATA), "to-board")):
        if direction not in ("both", way):
            assert arrived == DATA
        elif fault == "corrupt":
            assert len(arrived) == len(DATA)
            wrong = [a ^ b for a, b in zip(arrived, DATA, strict=True) if a != b]
            assert all(bits.bit_count() == 1 for bits in wrong) and 250 < len(wrong) < 480
        else:
            change = len(arrived) - len(DATA)
            assert 250 < (change if fault == "duplicate" else -change) < 480


@given(cuts=st.lists(st.integers(1, 700), min_size=1, max_size=8), seed=st.integers(0, 99))
def test_same_seed_same_faults_however_the_bytes_come(cuts: list[int], seed: int) -> None:
    whole = injector(drop=0.05, corrupt=0.05, duplicate=0.05, seed=seed).to_board(DATA)
    board = injector(drop=0.05, corrupt=0.05, duplicate=0.05, seed=seed)
    pieces, rest = [], DATA
    for cut in cuts:
        pieces.append(board.to_board(rest[:cut]))
        rest = rest[cut:]
    assert b"".join(pieces) + board.to_board(rest) == whole


def test_hangs_after_so_many_commands_until_a_reset() -> None:
    board = injector(hang_after=2)
    flash = Ram(0, 16)
    assert board.to_board(b"name%") and board.to_board(b"name%") and to_host(board, b"m") == b"m"
    assert board.to_board(b"name%") == b"" and to_host(board, b"m") == b""
    board.on_reset(flash)
    assert to_host(board, b"m") == b"m"


def test_hangs_after_so_many_seconds_and_only_so_often() -> None:
    board = injector(hang_after_s=1.0, times=1)
    board.seconds = lambda: 0.9
    assert to_host(board, b"m") == b"m"
    board.seconds = lambda: 1.1
    assert to_host(board, b"m") == b""
    board.on_reset(Ram(0, 16))
    board.seconds = lambda: 9.0
    assert to_host(board, b"m") == b"m"


def test_reboots_at_a_command() -> None:
    board = injector(reboot=0.5, seed=1)
    resets: list[int] = []
    board.reset = lambda: resets.append(1)
    board.to_board(b"infer 1%" * 200)
    assert 60 < len(resets) < 140


def test_brownout_and_stuck_word() -> None:
    board = injector(brownout=3, times=1, stuck=0x40)
    failures: list[int] = []
    board.brown_out = lambda: failures.append(1)
    assert [board.damaged(address, 3) for address in range(0x38, 0x50, 4)] == [3, 3, 2, 3, 3, 3]
    assert failures == [1]


def test_program_that_does_not_last() -> None:
    board, flash = injector(stale_after=1), Ram(0, 8)
    assert not board.on_reset(flash)
    flash.write(0, b"first")
    assert not board.on_reset(flash)
    flash.write(0, b"other")
    assert board.on_reset(flash) and flash.read(0, 5) == b"first"


def test_wrong_mode_and_nothing_else() -> None:
    text = b"m-timestamp-mode-performance\r\nm-lap-us-7\r\nm-init-done\r\nm-ready\r\n"
    assert to_host(injector(wrong_mode=True), text) == text.replace(b"performance", b"energy")


def test_probe_refuses_and_breaks() -> None:
    board = injector(probe_busy=2, probe_lost_after=3, times=1)
    assert [board.refuses_probe() for _ in range(3)] == [True, True, False]
    assert [board.loses_probe() for _ in range(7)] == [False, False, True] + 4 * [False]


@given(
    st.builds(
        Faults,
        drop=st.floats(0, 1),
        hang_after=st.none() | st.integers(0, 9),
        stuck=st.none() | st.integers(0, 2**32 - 1),
        direction=st.sampled_from(["both", "to-host", "to-board"]),
        wrong_mode=st.booleans(),
        seed=st.integers(-5, 5),
    )
)
def test_query_says_it_all(faults: Faults) -> None:
    assert parse_faults(faults.query, "test") == faults


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("dorp=1", "unknown fault 'dorp'; did you mean 'drop'?"),
        ("zzzzz=1", "known are drop, corrupt"),
        ("drop=x", "fault 'drop' with value 'x'"),
        ("drop=2", "fault 'drop' with value '2'"),
        ("stuck=0xZZ", "fault 'stuck' with value '0xZZ'"),
        ("drop", "not of the form name=value"),
        ("drop=0&drop=0.1", "'drop' is given twice"),
        ("direction=up", "fault 'direction'"),
    ],
)
def test_wrong_specification(query: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_faults(query, "virtual:x")
    assert str(caught.value).startswith("virtual:x: ") and words in str(caught.value)
