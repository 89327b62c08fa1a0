"""Runs a plan: every job on every board, whatever happens to the others."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.errors import BoardError, DoesNotFitError, HarnessError, MeasurementError, StoreError
from harness.nightly.compare import Regression, compare
from harness.nightly.plan import Job, Plan
from harness.store import Measurement, Store

_LOG = logging.getLogger(__name__)

Measure = Callable[[Job, str], Measurement]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One job on one board.

    Attributes:
        job: The job's name.
        board: The unit.
        measurement: The stored row; None where none came about.
        regressions: What got worse.
        failure: Class and text of what kept it from being measured; None where nothing did.
        attempts: How often it was tried.
        duration_s: Seconds all tries took.
    """

    job: str
    board: str
    measurement: Measurement | None
    regressions: tuple[Regression, ...]
    failure: str | None
    attempts: int
    duration_s: float


@dataclass(frozen=True)
class NightlyResult:
    """A night.

    Attributes:
        outcomes: In the order they ran.
    """

    outcomes: tuple[Outcome, ...]

    @property
    def exit_code(self) -> int:
        """0: all is well; 1: something got worse; 3: nothing known got worse, but not all was measured."""
        if any(outcome.regressions for outcome in self.outcomes):
            return 1
        return 3 if any(outcome.failure for outcome in self.outcomes) else 0


def run_plan(
    plan: Plan, measure: Measure, store: Store, on_outcome: Callable[[Outcome], None] | None = None
) -> NightlyResult:
    """Measure everything in the plan and compare each row with its history.

    Args:
        plan: What to do.
        measure: Measures a job on a board and gives the row, whose `model_name` and `board` name its
            history. A row without an id is added to the store here.
        store: Where rows and history are.
        on_outcome: Called after each job on each board.

    Raises:
        StoreError: The store fails, so that going on would lose every further row.
    """
    outcomes = []
    for job in plan.jobs:
        for board in job.boards:
            outcome = _run(plan, job, board, measure, store)
            outcomes.append(outcome)
            if on_outcome:
                on_outcome(outcome)
    return NightlyResult(tuple(outcomes))


def _run(plan: Plan, job: Job, board: str, measure: Measure, store: Store) -> Outcome:
    before = time.monotonic()
    row: Measurement | None = None
    regressions: list[Regression] = []
    failure: str | None = None
    attempts = 0
    while attempts <= plan.retries:
        attempts += 1
        failure = None
        try:
            row = _kept(measure(job, board), store)
            if row.status == "ok":
                earlier = store.measurements(model_name=row.model_name, board=row.board)
                regressions = compare(row, earlier, plan.thresholds)
                break
            failure = row.failure or "failed without a word"
        except StoreError:
            raise
        except DoesNotFitError as error:  # the same every time, and no fault of the bench
            regressions = [Regression("fit", str(error))]
            break
        except (BoardError, MeasurementError) as error:
            failure = f"{type(error).__name__}: {error}"
        except HarnessError as error:  # input, build: trying again changes nothing
            failure = f"{type(error).__name__}: {error}"
            break
        except Exception as error:  # a fault in one job must not end the night
            _LOG.exception("job %s on %s", job.name, board)
            failure = f"{type(error).__name__}: {error}"
            break
    return Outcome(
        job=job.name,
        board=board,
        measurement=row,
        regressions=tuple(regressions),
        failure=failure,
        attempts=attempts,
        duration_s=time.monotonic() - before,
    )


def _kept(row: Measurement, store: Store) -> Measurement:
    return store.add(row) if row.id is None else row
