"""Trials of fewer channels on one board: budgets of networks that its limits and costs allow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.config.kinds import load_kind
from harness.errors import SearchError
from harness.pruning import Candidate, load_recipe
from harness.search.board_search import BoardSearch
from harness.search.budgets import CYCLES_PERCENT, FLASH_PERCENT, ChannelBudget
from harness.search.images import get_image
from harness.search.layer_costs import MeasuredCosts, layer_samples
from harness.search.strategies import measure_variant
from harness.search.trials import Outcome, run_trials
from harness.search.variants import Channels
from harness.units import KIB

if TYPE_CHECKING:
    import optuna


def try_channels(search: BoardSearch, bases: Sequence[Candidate]) -> None:
    """Measure the trials whose budgets the study names, then as many as it asks for; those of an earlier run count.

    Args:
        search: The board's search, whose candidates were timed.
        bases: What trials start from; a trial's base is proposed too.
    """
    costs = {base.key: found for base in bases if (found := _measured_costs(search, base.key))}
    if costs:
        run_trials(search, ChannelSpace(search, {base.key: base for base in bases}, costs))
        return
    why = f"{' and '.join(base.key for base in bases)} were not measured here, which says what layers cost"
    for number in range(1, search.spec.channel_trials + 1):
        search.observer.passed_over(search.board, f"channels, trial {number}", why)


@dataclass(frozen=True)
class ChannelSpace:
    """Budgets of cycles and flash, and what network is thinned.

    Attributes:
        search: The board's.
        bases: Candidates that trials start from, by name.
        costs: What was measured of those that ran here, by name.
    """

    search: BoardSearch
    bases: Mapping[str, Candidate]
    costs: Mapping[str, MeasuredCosts]

    @property
    def name(self) -> str:
        """That of the board alone."""
        return self.search.board

    @property
    def count(self) -> int:
        """As the study asks, budgets that it names included."""
        return self.search.spec.channel_trials

    @property
    def asked_for(self) -> list[dict[str, Any]]:
        """The budgets that the study names, after each base."""
        return [
            {"cycles_percent": budget.cycles_percent, "flash_percent": budget.flash_percent, "base": base}
            for budget in self.search.spec.channel_budgets
            for base in self.bases
        ]

    def propose(self, trial: "optuna.Trial") -> None:
        """A budget, and whose."""
        trial.suggest_int("cycles_percent", *CYCLES_PERCENT)
        trial.suggest_int("flash_percent", *FLASH_PERCENT)
        # All of them, whatever was measured: a later run may propose no others.
        trial.suggest_categorical("base", list(self.bases))

    def measure(self, trial: "optuna.Trial") -> Outcome:
        """Train and measure a network within a budget."""
        search, base = self.search, trial.params["base"]
        if base not in self.costs:
            search.observer.passed_over(
                search.board, f"channels after {base}", f"{base} was not measured here"
            )
            return "never" if _never_fits(search, base) else "later"
        if "costs" not in trial.user_attrs:
            trial.set_user_attr("costs", self.costs[base].to_json())
        variant = self._variant(trial)
        try:
            return measure_variant(search, variant)
        except SearchError as error:
            trial.set_user_attr("refused", str(error))
            search.pass_over(variant.key, str(error))
            return "never"

    def recall(self, trial: "optuna.trial.FrozenTrial") -> None:
        """Nothing where the trial's base does not fit the board."""
        if "costs" not in trial.user_attrs:
            return
        variant = self._variant(trial)
        if "refused" in trial.user_attrs:
            self.search.pass_over(variant.key, trial.user_attrs["refused"])
        else:
            measure_variant(self.search, variant)

    def _variant(self, trial: "optuna.Trial | optuna.trial.FrozenTrial") -> Channels:
        spec = self.search.spec
        max_ram_kb = spec.limits.max_ram_kb
        return Channels(
            ChannelBudget(trial.params["cycles_percent"], trial.params["flash_percent"]),
            MeasuredCosts.from_json(trial.user_attrs["costs"]),
            None if max_ram_kb is None else max_ram_kb * KIB,
            load_recipe(spec.channels_recipe or spec.recipe),
            spec.seeds[0],
            self.bases[trial.params["base"]],
        )


def _never_fits(search: BoardSearch, base: str) -> bool:
    """Whether the network that a trial starts from is too large for the board."""
    timing = search.known(base).timing
    return timing is not None and timing.fits is False


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
