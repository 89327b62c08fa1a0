"""Runs a plan: each board does its jobs one after the other, all boards at the same time."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from harness.bench.quarantine import quarantined, set_aside
from harness.errors import (
    BoardError,
    BusyError,
    DoesNotFitError,
    HarnessError,
    MeasurementError,
    QuarantinedError,
    StoreError,
)
from harness.nightly.budget import Budget
from harness.nightly.compare import compare, suspects
from harness.nightly.observer import NightObserver
from harness.nightly.plan import Job, Plan
from harness.store import HEALTH, Measurement, NightResult, Store
from harness.store.nights import State

_LOG = logging.getLogger(__name__)

Measure = Callable[[Job, str, str], Measurement]
"""Measures a job on a board in a mode and gives the stored row."""

Check = Callable[[str], None]
"""Checks a board; raises what is wrong with it."""

_OUT_OF_TIME = "the night's time was spent"


@dataclass
class NightRun:
    """One run of a plan.

    Attributes:
        plan: What to do.
        store: Where rows, results and history are.
        night: Its number in the store.
        revision: Git commit of the plan's folder, if it has one.
        measure: Measures.
        check: Checks a board before its first job.
        budget: Its time.
        observer: Told of the progress.
    """

    plan: Plan
    store: Store
    night: int
    revision: str | None
    measure: Measure
    check: Check
    budget: Budget
    observer: NightObserver = field(default_factory=NightObserver)
    _telling: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Measure everything, compare each row with its history, and store each result as it comes.

        Raises:
            StoreError: The store fails, so that going on would lose every further row.
        """
        boards = self.plan.boards
        with ThreadPoolExecutor(len(boards), "night") as pool:
            shifts = [pool.submit(self._shift, board) for board in boards]
            try:
                for shift in as_completed(shifts):
                    shift.result()
            except BaseException:
                self.budget.stop()
                raise

    def _shift(self, board: str) -> None:
        """One board's night: its health, then its jobs."""
        health = self._attempt(HEALTH, board, "", lambda: self.check(board))
        self._tell(health)
        for job, mode in self.plan.work_of(board):
            if health.state != "ok":
                why = f"not begun: the {HEALTH} of the board came to nothing"
                self._tell(_result(job.name, board, mode, "skipped", why))
            else:
                self._tell(self._attempt(job.name, board, mode, self._of(job, board, mode)))

    def _of(self, job: Job, board: str, mode: str) -> Callable[[], Measurement]:
        return lambda: self.measure(job, board, mode)

    def _attempt(
        self, job: str, board: str, mode: str, action: Callable[[], Measurement | None]
    ) -> NightResult:
        """Do it, and again where the bench failed."""
        self.observer.doing(job, board, mode)
        began = time.monotonic()
        attempts, state = 0, None
        while state is None or (state == "failed" and attempts <= self.plan.retries):
            attempts += 1
            state, sentence, row = self._once(job, board, mode, action)
        return _result(
            job, board, mode, state, sentence, row.id if row else None, attempts, time.monotonic() - began
        )

    def _once(
        self, job: str, board: str, mode: str, action: Callable[[], Measurement | None]
    ) -> tuple[State, str, Measurement | None]:
        if self.budget.spent():
            return "skipped", _OUT_OF_TIME, None
        try:
            for entry in quarantined():
                if entry.unit == board:
                    return "skipped", f"in quarantine since {entry.since}: {entry.reason}", None
            row = action()
        except StoreError:
            raise
        except CancelledError:
            return "skipped", _OUT_OF_TIME, None
        except (BusyError, QuarantinedError) as error:
            return "skipped", _told(error, board), None
        except DoesNotFitError as error:  # the same every time, and no fault of the bench
            return "regression", str(error), None
        except (BoardError, MeasurementError) as error:
            return "failed", _told(error, board), None
        except HarnessError as error:  # input, build: trying again changes nothing
            return "invalid", _told(error, board), None
        except Exception as error:  # a fault in one job must not end the night
            _LOG.exception("%s on %s", job, board)
            return "invalid", _told(error, board), None
        if row is None:
            return "ok", "", None
        if row.status != "ok":
            return "failed", row.failure or "failed without a word", row
        return self._judged(job, board, mode, row)

    def _judged(self, job: str, board: str, mode: str, row: Measurement) -> tuple[State, str, Measurement]:
        history = self.store.good_rows(job, board, mode)
        found = compare(row, [before for before, _ in history], self.plan.thresholds)
        if not found:
            return "ok", "", row
        because = suspects(row, self.revision, *history[-1])
        return "regression", f"{'; '.join(item.sentence for item in found)} ({because})", row

    def _tell(self, result: NightResult) -> None:
        """Store the result, and set the board aside where it has failed too often."""
        with self._telling:
            self.store.add_night_result(self.night, result)
            limit = self.plan.quarantine_after
            # Every so many, so that a board that was lifted has as many tries again.
            if result.state == "failed" and self.store.faults_in_a_row(result.board) % limit == 0:
                set_aside(result.board, f"failed {limit} times in a row, last: {result.sentence}")
            self.observer.told(result)


def _told(error: Exception, board: str) -> str:
    return f"{type(error).__name__}: {str(error).removeprefix(f'{board}: ')}"  # the result names the board


def _result(
    job: str,
    board: str,
    mode: str,
    state: State,
    sentence: str,
    measurement: int | None = None,
    attempts: int = 0,
    duration_s: float = 0.0,
) -> NightResult:
    return NightResult(
        job=job,
        board=board,
        mode=mode,
        state=state,
        sentence=sentence,
        measurement=measurement,
        attempts=attempts,
        duration_s=duration_s,
    )
