"""Keeps the board's clock to the wall's, for programs that measure by the wall's."""

import threading
import time

from harness.virtual.clock import Clock

# Behind by less than this the board may catch up; by more, the time is given up and reported.
_CATCH_UP_S = 0.02


class Pace:
    """Stops the board from being ahead of the wall's clock. It is behind where emulating takes too long.

    Args:
        clock: The board's time.
        lock: The board's lock, held by callers and released while sleeping.

    Attributes:
        lost_s: Seconds by which the emulation has been slower than the chip so far.
    """

    def __init__(self, clock: Clock, lock: threading.Condition) -> None:
        self._clock = clock
        self._lock = lock
        self.lost_s = 0.0
        self.start()

    def start(self) -> None:
        """Both clocks are right now: the core begins to run, after a halt or a reset."""
        self._board_s, self._wall_s = self._clock.seconds(), time.monotonic()

    def keep(self) -> None:
        """Sleep as long as the board is ahead."""
        ahead_s = self._ahead_s()
        if ahead_s < -_CATCH_UP_S:
            self.lost_s -= ahead_s
            self.start()
        while ahead_s > 0:
            self._lock.release()
            try:
                time.sleep(ahead_s)
            finally:
                self._lock.acquire()
            ahead_s = self._ahead_s()

    def _ahead_s(self) -> float:
        return (self._clock.seconds() - self._board_s) - (time.monotonic() - self._wall_s)
