"""How long a night may still go on, whatever is done to the clock on the wall."""

import threading
import time
from concurrent.futures import CancelledError

from harness.nightly.observer import NightObserver


class Budget:
    """The night's time, by the monotonic clock.

    Args:
        minutes: What it may take; None for as long as it needs.
    """

    def __init__(self, minutes: float | None) -> None:
        self._ends = None if minutes is None else time.monotonic() + minutes * 60
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End the night at the next step of every board. For any thread to call."""
        self._stopped.set()

    def spent(self) -> bool:
        """Whether nothing may begin any more."""
        return self._stopped.is_set() or (self._ends is not None and time.monotonic() >= self._ends)

    def left_s(self, most: float) -> float:
        """Seconds that may still be waited for something, `most` of them."""
        return most if self._ends is None else max(0.0, min(most, self._ends - time.monotonic()))


class BudgetObserver(NightObserver):
    """Gives a measurement up at its next step once the budget is spent, by raising `CancelledError`.

    Args:
        budget: Of the night.
        observer: Told of the steps until then.
    """

    def __init__(self, budget: Budget, observer: NightObserver) -> None:
        self._budget = budget
        self._observer = observer

    def measuring(self, board: str, candidate: str, phase: str, done: int, total: int) -> None:
        if self._budget.spent():
            raise CancelledError
        self._observer.measuring(board, candidate, phase, done, total)
