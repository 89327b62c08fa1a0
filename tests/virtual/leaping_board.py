"""A virtual board whose time leaps ahead by what `HARNESS_TEST_LEAP_S` says, at each SIGUSR1."""

import os
import signal
import sys
from typing import Any

import harness.virtual.board
from harness.virtual.__main__ import main
from harness.virtual.clock import Clock


class _LeapingClock(Clock):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        leap_s = int(os.environ["HARNESS_TEST_LEAP_S"])
        signal.signal(signal.SIGUSR1, lambda *_: self.wait(leap_s * self.hz))


if __name__ == "__main__":
    harness.virtual.board.Clock = _LeapingClock  # type: ignore[misc]
    sys.exit(main())
