"""Trials on one board in a space that can't be listed: optuna proposes, the board measures, our own rules choose."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from harness.search.board_search import BoardSearch
from harness.search.evidence import Evidence
from harness.search.optuna_trials import finished, open_trials, queue_again, queue_next
from harness.search.paired import measure_drop
from harness.units import KIB

if TYPE_CHECKING:
    import optuna

# Trials at random before the sampler learns from those there are.
_RANDOM_TRIALS = 4
# Failures of the board, each after the worker's own tries, after which the rest waits for the next run.
_MOST_FAILURES = 2
# Proposals in a row that were tried before, after which there is taken to be nothing else.
_MOST_REPEATS = 20

Outcome = Evidence | Literal["never", "later"]
"""What a trial came to: figures, or why there are none. `never` counts as a trial, `later` is for another run."""


class Space(Protocol):
    """What trials are made of."""

    @property
    def name(self) -> str:
        """Name of the board's trials in the study's storage."""

    @property
    def count(self) -> int:
        """Trials that are wanted in all."""

    @property
    def asked_for(self) -> list[dict[str, Any]]:
        """The parameters of trials that the study names itself."""

    def propose(self, trial: "optuna.Trial") -> None:
        """Settle the trial's parameters."""

    def measure(self, trial: "optuna.Trial") -> Outcome:
        """Measure what the trial's parameters say."""

    def recall(self, trial: "optuna.trial.FrozenTrial") -> None:
        """Tell the search what a finished trial of an earlier run found, from the store."""


def run_trials(search: BoardSearch, space: Space) -> None:
    """Measure trials until there are as many as wanted; those of an earlier run count.

    A trial whose board failed, or that was under way when the run was killed, is queued again with the same parameters.
    What is proposed a second time counts once.
    """
    trials = open_trials(search, space.name)
    for done in _different(finished(trials)):
        space.recall(done)
    failures = repeats = 0
    while (
        (tried := len(_different(finished(trials)))) < space.count
        and failures < _MOST_FAILURES
        and repeats < _MOST_REPEATS
    ):
        queue_next(trials, space.asked_for)
        went_on = try_one(search, trials, space)
        failures += not went_on
        repeats = repeats + 1 if went_on and len(_different(finished(trials))) == tried else 0
    if repeats:
        for number in range(tried + 1, space.count + 1):
            search.observer.passed_over(
                search.board, f"trial {number} of {space.name}", "nothing new was proposed"
            )


def _different(trials: "Sequence[optuna.trial.FrozenTrial]") -> "list[optuna.trial.FrozenTrial]":
    """Those of different parameters, the first of each."""
    found: dict[tuple[object, ...], optuna.trial.FrozenTrial] = {}
    for trial in trials:
        found.setdefault(tuple(sorted(trial.params.items())), trial)
    return list(found.values())


def try_one(search: BoardSearch, trials: "optuna.Study", space: Space) -> bool:
    """One trial; False where the board failed, now or at what the trial starts from."""
    import optuna

    done = finished(trials)
    # A sampler anew for each trial, so that a search that was killed goes on with the same proposals.
    trials.sampler = optuna.samplers.TPESampler(
        seed=1000 * search.spec.seed + len(done), n_startup_trials=_RANDOM_TRIALS
    )
    trial = trials.ask()
    space.propose(trial)
    if same := next((old for old in done if old.params == trial.params), None):
        for name, excess in same.constraints.items():
            trial.set_constraint(name, excess)
        trials.tell(trial, same.values, state=same.state)
        return True
    outcome = space.measure(trial)
    if outcome == "later":
        trials.tell(trial, state=optuna.trial.TrialState.FAIL)
        return False
    row = None if outcome == "never" else outcome.row
    if row is not None and row.status == "failed":
        queue_again(trials, trial.number, trial.params, trial.user_attrs)
        return False
    if outcome == "never" or row is None or row.fits is False:
        trials.tell(trial, state=optuna.trial.TrialState.PRUNED)
        return True
    for name, excess in _excesses(search, outcome).items():
        trial.set_constraint(name, excess)
    trials.tell(trial, _values(search, outcome))
    return True


def _values(search: BoardSearch, evidence: Evidence) -> list[float]:
    """What the study wants little of."""
    row = evidence.row
    assert row is not None and row.latency_us is not None and row.flash_bytes is not None
    match search.spec.objective:
        case "flash":
            return [float(row.flash_bytes)]
        case "accuracy":
            return [_drop(search, evidence)]
        case "pareto":
            return [row.latency_us, _drop(search, evidence)]
        case _:
            return [row.latency_us]


def _excesses(search: BoardSearch, evidence: Evidence) -> dict[str, float]:
    """Limit -> by what share it is exceeded, at most 0 where it is kept; accuracy in shares of the samples."""
    row, limits = evidence.row, search.spec.limits
    assert row is not None and row.latency_us and row.flash_bytes and row.ram_bytes
    pairs = {
        "latency": (row.latency_us / 1e3, limits.max_latency_ms),
        "flash": (row.flash_bytes / KIB, limits.max_flash_kb),
        "ram": (row.ram_bytes / KIB, limits.max_ram_kb),
    }
    found = {
        name: value / max(limit, 1e-9) - 1 for name, (value, limit) in pairs.items() if limit is not None
    }
    allowed = search.standard.allowed(limits)
    if allowed is not None:
        found["accuracy"] = _drop(search, evidence) - allowed
    return found


def _drop(search: BoardSearch, evidence: Evidence) -> float:
    """By what share of the samples fewer are answered rightly than by the unpruned model."""
    assert evidence.right is not None
    return measure_drop(search.standard.other, evidence.right).share
