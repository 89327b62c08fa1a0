"""The 32-bit counter of a board wraps: every 268 s at 16 MHz. The images count the laps."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from subprocess import Popen
from types import SimpleNamespace
from typing import Any

import pytest

from harness.bench import open_board, spawn
from harness.config.kinds import load_kind
from harness.dut import Dut
from harness.firmware import build_image
from harness.measure import start_image
from tests.virtual.program import eventually

WRAP = 1 << 32


def _reached(dut: Dut, due_us: int) -> bool:
    return dut.timestamp_us() >= due_us


@pytest.mark.parametrize("kind", ["nrf51-dk", "nucleo-l4r5zi"])
def test_time_goes_on_over_a_wrap(
    kind: str, small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hz = load_kind(kind).clock_hz
    leap_s = WRAP * 9 // 10 // hz
    boards: list[Popen[Any]] = []

    def start(command: list[str], **options: Any) -> Popen[Any]:
        assert command[:3] == [sys.executable, "-m", "harness.virtual"]
        boards.append(Popen([*command[:2], "tests.virtual.leaping_board", *command[3:]], **options))
        return boards[-1]

    image = build_image(small_model, load_kind(kind), tmp_path)
    monkeypatch.setenv("HARNESS_TEST_LEAP_S", str(leap_s))
    monkeypatch.setattr(spawn, "subprocess", SimpleNamespace(**(vars(subprocess) | {"Popen": start})))
    with open_board(f"virtual:{kind}") as board:
        board.flash(image)
        with board.open_serial() as port:
            dut = start_image(board, image, port)

            began_us, wall = dut.timestamp_us(), time.monotonic()
            for leaps in range(1, 4):
                os.kill(boards[-1].pid, signal.SIGUSR1)
                due_us = began_us + leaps * leap_s * 1_000_000
                assert eventually(partial(_reached, dut, due_us), 20.0), "a lap is lost"
                assert dut.timestamp_us() - due_us < (time.monotonic() - wall + 1) * 1e6
            assert 3 * leap_s * hz > 2 * WRAP
            assert dut.run_sample()[0] > 0
