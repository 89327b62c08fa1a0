"""Trials of fewer channels on one board: optuna proposes budgets, the board measures, our own rules choose."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.config.kinds import load_kind
from harness.errors import SearchError
from harness.pruning import Candidate, recipe_for
from harness.search.board_search import BoardSearch
from harness.search.budgets import CYCLES_PERCENT, FLASH_PERCENT, ChannelBudget
from harness.search.evidence import Evidence
from harness.search.images import get_image
from harness.search.layer_costs import MeasuredCosts, layer_samples
from harness.search.optuna_trials import finished, open_trials, queue_again, queue_next
from harness.search.paired import measure_drop
from harness.search.strategies import measure_variant
from harness.search.variants import Channels
from harness.units import KIB

if TYPE_CHECKING:
    import optuna

# Trials at random before the sampler learns from those there are.
_RANDOM_TRIALS = 4
# Failures of the board, each after the worker's own tries, after which the rest waits for the next run.
_MOST_FAILURES = 2


def try_channels(search: BoardSearch, bases: Sequence[Candidate]) -> None:
    """Measure the trials whose budgets the study names, then as many as it asks for; those of an earlier run count.

    A trial whose board failed, or that was under way when the run was killed, is queued again with the same budget.

    Args:
        search: The board's search, whose candidates were timed.
        bases: What trials start from; a trial's base is proposed too.
    """
    costs = {base.key: found for base in bases if (found := _measured_costs(search, base.key))}
    if not costs:
        why = (
            f"{' and '.join(base.key for base in bases)} were not measured here, which says what layers cost"
        )
        for number in range(1, search.spec.channel_trials + 1):
            search.observer.passed_over(search.board, f"channels, trial {number}", why)
        return
    trials = open_trials(search)
    known = {base.key: base for base in bases}
    for done in finished(trials):
        _recall(search, done, known)
    failures = 0
    while len(finished(trials)) < search.spec.channel_trials and failures < _MOST_FAILURES:
        queue_next(trials, _asked_for(search, bases))
        failures += not _try(search, trials, costs, known)


def _asked_for(search: BoardSearch, bases: Sequence[Candidate]) -> list[dict[str, Any]]:
    """The trials whose budgets the study names, as optuna's parameters."""
    return [
        {"cycles_percent": budget.cycles_percent, "flash_percent": budget.flash_percent, "base": base.key}
        for budget in search.spec.channel_budgets
        for base in bases
    ]


def _try(
    search: BoardSearch,
    trials: "optuna.Study",
    costs: Mapping[str, MeasuredCosts],
    bases: Mapping[str, Candidate],
) -> bool:
    """One trial; False where the board failed, now or at what the trial starts from."""
    import optuna

    done = finished(trials)
    # A sampler anew for each trial, so that a search that was killed goes on with the same proposals.
    trials.sampler = optuna.samplers.TPESampler(
        seed=1000 * search.spec.seed + len(done), n_startup_trials=_RANDOM_TRIALS
    )
    trial = trials.ask()
    trial.suggest_int("cycles_percent", *CYCLES_PERCENT)
    trial.suggest_int("flash_percent", *FLASH_PERCENT)
    # All of them, whatever was measured: a later run may propose no others.
    base = trial.suggest_categorical("base", list(bases))
    if base not in costs:
        never = _never_fits(search, base)
        search.observer.passed_over(search.board, f"channels after {base}", f"{base} was not measured here")
        trials.tell(trial, state=optuna.trial.TrialState.PRUNED if never else optuna.trial.TrialState.FAIL)
        return never
    if "costs" not in trial.user_attrs:
        same = next((old for old in done if old.params == trial.params and "costs" in old.user_attrs), None)
        trial.set_user_attr("costs", same.user_attrs["costs"] if same else costs[base].to_json())
    variant = _variant(search, trial, bases)
    try:
        evidence = measure_variant(search, variant)
    except SearchError as error:
        trial.set_user_attr("refused", str(error))
        trials.tell(trial, state=optuna.trial.TrialState.PRUNED)
        search.pass_over(variant.key, str(error))
        return True
    row = evidence.row
    assert row is not None
    if row.status == "failed":
        queue_again(trials, trial.number, trial.params, trial.user_attrs)
        return False
    if row.fits is False:
        trials.tell(trial, state=optuna.trial.TrialState.PRUNED)
        return True
    for name, excess in _excesses(search, evidence).items():
        trial.set_constraint(name, excess)
    trials.tell(trial, _values(search, evidence))
    return True


def _recall(search: BoardSearch, trial: "optuna.trial.FrozenTrial", bases: Mapping[str, Candidate]) -> None:
    """What a trial of an earlier run found, from the store; nothing where its base does not fit the board."""
    if "costs" not in trial.user_attrs:
        return
    variant = _variant(search, trial, bases)
    if "refused" in trial.user_attrs:
        search.pass_over(variant.key, trial.user_attrs["refused"])
    else:
        measure_variant(search, variant)


def _never_fits(search: BoardSearch, base: str) -> bool:
    """Whether the network that a trial starts from is too large for the board."""
    timing = search.known(base).timing
    return timing is not None and timing.fits is False


def _variant(
    search: BoardSearch, trial: "optuna.Trial | optuna.trial.FrozenTrial", bases: Mapping[str, Candidate]
) -> Channels:
    max_ram_kb = search.spec.limits.max_ram_kb
    return Channels(
        ChannelBudget(trial.params["cycles_percent"], trial.params["flash_percent"]),
        MeasuredCosts.from_json(trial.user_attrs["costs"]),
        None if max_ram_kb is None else max_ram_kb * KIB,
        recipe_for(search.spec.task, search.spec.channels_recipe or search.spec.recipe),
        search.spec.seeds[0],
        bases[trial.params["base"]],
    )


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


def _measured_costs(search: BoardSearch, base: str) -> MeasuredCosts | None:
    """Of `base`, from all that was measured on the board so far; None where it does not run there.

    Its untrained network tells its memory as well as the trained one does.
    """
    known = search.known(base)
    row = known.row or known.timing
    timed = [one.row for one in search.found.values() if one.row is not None and one.row.layers_sha256]
    if row is None or row.status != "ok" or row.fits is False or not timed:
        return None
    store, kind = search.evaluator.store, load_kind(search.spec.boards[search.board])
    image = get_image(
        store,
        store.artifacts.path(row.model_sha256),
        row.model_sha256,
        kind,
        toolchain=search.spec.toolchain,
        model_id=search.spec.task.model_id,
    )
    return MeasuredCosts(
        layer_samples(store, kind, timed),
        image.size.flash_bytes,
        image.size.ram_bytes,
        image.size.arena_bytes,
    )
