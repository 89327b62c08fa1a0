"""Injected faults by themselves; what the harness makes of them is in tests/bench."""

import pytest

from harness.virtual.injection import Faults


def arrive(faults: Faults, count: int) -> bytes:
    return b"".join(faults.on_line(value) for value in range(count))


def test_without_faults_everything_arrives() -> None:
    assert arrive(Faults(), 9) == bytes(range(9))


def test_every_nth_byte_is_lost_or_doubled() -> None:
    assert arrive(Faults(["drop=3"]), 7) == bytes([0, 1, 3, 4, 6])
    assert arrive(Faults(["duplicate=3"]), 4) == bytes([0, 1, 2, 2, 3])


def test_every_nth_byte_is_corrupted_the_same_way_for_a_seed() -> None:
    got = arrive(Faults(["corrupt=4"], seed=7), 8)
    wrong = [index for index, value in enumerate(got) if value != index]
    assert wrong == [3, 7]
    assert got == arrive(Faults(["corrupt=4"], seed=7), 8)


def test_board_falls_silent() -> None:
    assert arrive(Faults(["mute-after=5"]), 9) == bytes(range(5))


def test_probe_refuses_and_then_opens() -> None:
    faults = Faults(["probe-refuse=2"])
    assert [faults.refuses_probe() for _ in range(3)] == [True, True, False]


def test_stuck_bit_at_one_word_only() -> None:
    faults = Faults(["flash-stuck=0x40"])
    assert faults.damaged(0x40, 3) == 2 and faults.damaged(0x44, 3) == 3


@pytest.mark.parametrize("spec", ["dorp=1", "drop=x", "drop"])
def test_wrong_specification(spec: str) -> None:
    with pytest.raises(ValueError):
        Faults([spec])
