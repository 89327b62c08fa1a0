"""Optuna's own storage of a board's trials, beside the study's reports."""

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.config.paths import ensure_writable
from harness.search.board_search import BoardSearch

if TYPE_CHECKING:
    import optuna

_opening = threading.Lock()


def finished(trials: "optuna.Study") -> "list[optuna.trial.FrozenTrial]":
    from optuna.trial import TrialState

    return trials.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def queue_again(
    trials: "optuna.Study", number: int, params: dict[str, Any], attributes: dict[str, Any]
) -> None:
    """The bench failed, which says nothing of the budget: told as a failure it would be lost."""
    from optuna.trial import TrialState

    trials.tell(number, state=TrialState.FAIL)
    if params:  # else it was killed before anything was proposed
        trials.enqueue_trial(params, user_attrs=attributes)


def queue_next(trials: "optuna.Study", asked_for: Sequence[dict[str, Any]]) -> None:
    """Queue the first of `asked_for` that is not done, unless something is queued already."""
    from optuna.trial import TrialState

    done = [trial.params for trial in finished(trials)]
    waiting = trials.get_trials(deepcopy=False, states=(TrialState.WAITING,))
    missing = [params for params in asked_for if params not in done]
    if missing and not waiting:
        trials.enqueue_trial(missing[0])


def open_trials(search: BoardSearch, name: str) -> "optuna.Study":
    """The board's trials called `name`, beside the study's reports."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder = search.evaluator.store.folder / "studies" / search.spec.name
    ensure_writable(folder)
    with _opening:  # boards share the file, and two can't make its tables at once
        storage = optuna.storages.RDBStorage(
            f"sqlite:///{folder / 'optuna.db'}", engine_kwargs={"connect_args": {"timeout": 60}}
        )
        trials = optuna.create_study(
            storage=storage,
            study_name=name,
            directions=["minimize"] * (2 if search.spec.objective == "pareto" else 1),
            load_if_exists=True,
        )
    for trial in trials.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        queue_again(trials, trial.number, trial.params, trial.user_attrs)
    return trials
