"""One board's share of a search: keeps the board leased, starts it anew when it fails."""

import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from types import TracebackType

from harness.bench import LeasedBoard, open_board, resolve
from harness.bench.quarantine import quarantined
from harness.config.kinds import load_kind
from harness.errors import BoardError, BusyError, MeasurementError
from harness.search.evaluate import Evaluator
from harness.search.observer import Observer
from harness.search.settings import Enough, never_enough
from harness.search.subject import Subject
from harness.store import Measurement

_TRIES = 3


class BoardWorker:
    """Evaluates subjects on one board, one after the other. Use as a context manager, in one thread.

    Args:
        board: Name of the unit.
        observer: Told of progress and failures.
    """

    def __init__(self, board: str, observer: Observer) -> None:
        self._name = board
        self._observer = observer
        self._open = ExitStack()
        self._leased: LeasedBoard | None = None
        self._stopping = threading.Event()

    def __enter__(self) -> "BoardWorker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def stop(self) -> None:
        """Give up the measurement under way at its next step. For another thread to call."""
        self._stopping.set()

    def release(self) -> None:
        """Close the board; the next measurement opens it afresh."""
        self._leased = None
        self._open.close()

    def evaluate(
        self, evaluator: Evaluator, subject: Subject, enough: Enough = never_enough, *, step: bool = True
    ) -> Measurement:
        """The row of `subject` on this board: from the store, measured now, or a row of failure.

        Args:
            evaluator: How to measure.
            subject: What.
            enough: When to stop asking for samples.
            step: Whether the observer is told once it is there: a step of the search.

        Raises:
            InputError: The model cannot be run or does not go with the samples.
            BuildError: The compiler refused.
            BusyError: Another process holds the board.
            BoardError: The board cannot even be opened.
            CancelledError: `stop` was called.
        """
        label = (subject.candidate or subject.name) + (" untrained" if subject.trained is False else "")
        found = evaluator.find(subject, self._name)
        if found is not None:
            self._measured(label, True, step)
            return found
        for tries_left in reversed(range(_TRIES)):
            try:
                row = evaluator.evaluate(
                    subject,
                    self._opened(evaluator, subject),
                    partial(self._progress, label),
                    partial(self._observer.predicted, self._name),
                    enough,
                )
            except BusyError:
                raise
            except (BoardError, MeasurementError) as error:
                self._observer.failed(self._name, label, str(error), tries_left)
                # The bench has tried what may help already where it has set the board aside.
                if tries_left and not self._set_aside():
                    self.release()  # the next try opens the board afresh
                    continue
                if self._leased is None:
                    raise
                row = evaluator.record_failure(subject, self._leased, error)
            self._measured(label, False, step)
            return row
        raise AssertionError("unreachable")

    def _set_aside(self) -> bool:
        return any(row.unit == self._name for row in quarantined())

    def _measured(self, label: str, found: bool, step: bool) -> None:
        if step:
            self._observer.measured(self._name, label, found)

    def _progress(self, label: str, phase: str, done: int, total: int) -> None:
        if self._stopping.is_set():
            raise CancelledError
        self._observer.measuring(self._name, label, phase, done, total)

    def _opened(self, evaluator: Evaluator, subject: Subject) -> LeasedBoard:
        """The board; opening it takes as long as building the image, so both are done at once."""
        if self._leased is not None:
            return self._leased
        with ThreadPoolExecutor(1, "build") as pool:
            built = pool.submit(evaluator.build, subject, load_kind(resolve(self._name).kind))
            board = self._board()
            built.result()
        return board

    def _board(self) -> LeasedBoard:
        if self._leased is None:
            self._leased = self._open.enter_context(open_board(self._name))
        return self._leased
