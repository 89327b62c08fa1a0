"""A whole night: the lock, the run, the files, the notification."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.nightly.budget import Budget
from harness.nightly.health import check_board, known_good
from harness.nightly.lock import night_lock
from harness.nightly.notify import notify
from harness.nightly.observer import NightObserver
from harness.nightly.outputs import write_outputs
from harness.nightly.plan import Plan
from harness.nightly.revision import revision_of
from harness.nightly.run import Measure, NightRun
from harness.nightly.verdict import exit_code, summary
from harness.store import Night, Store


@dataclass(frozen=True)
class Ended:
    """How a night ended.

    Attributes:
        night: What the store knows of it.
        exit_code: 0 fine, 1 something got worse, 3 not all was measured.
        folder: Where its files are.
        notification_failure: What went wrong with the notification, if anything did.
    """

    night: Night
    exit_code: int
    folder: Path
    notification_failure: str | None


def hold_night(
    plan: Plan,
    plan_file: Path,
    store: Store,
    measure: Callable[[Budget], Measure],
    *,
    junit: Path | None = None,
    observer: NightObserver | None = None,
) -> Ended:
    """Run a plan from beginning to end.

    Args:
        plan: What to do.
        plan_file: Where it was read from.
        store: Where everything goes.
        measure: Gives what measures within a budget.
        junit: Where to put the JUnit XML besides the night's folder.
        observer: Told of the progress.

    Raises:
        BusyError: Another night is under way in this store.
        StoreError: The store fails.
        InputError: A file cannot be written.
    """
    observer = observer or NightObserver()
    with night_lock(store.folder):
        revision = revision_of(plan_file.resolve().parent)
        number = store.begin_night(str(plan_file.resolve()), revision)
        budget = Budget(plan.budget_minutes)
        observer.began(number, {board: 1 + len(plan.work_of(board)) for board in plan.boards})
        good = known_good(store)

        def check(board: str) -> None:
            check_board(board, good, store, budget.left_s(plan.wait_s))

        NightRun(plan, store, number, revision, measure(budget), check, budget, observer).run()
        results = store.nights(1)[0].results
        code, line = exit_code(results), summary(number, results)
        store.end_night(number, code, line)
        night = store.nights(1)[0]
        folder = write_outputs(store, night, junit, plan.keep_nights)
    failure = notify(plan.notify, line) if plan.notify else None
    return Ended(night, code, folder, failure)
