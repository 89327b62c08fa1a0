"""Candidates made by thinning a network instead of cutting it: fewer channels, or weights that are 0."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from harness.pruning import Candidate
from harness.pruning.channels import (
    Annealing,
    Budget,
    Calibration,
    Resources,
    drop_dead_channels,
    find_groups,
    fit_layer_times,
    magnitude_prune,
    prune_channels,
)
from harness.search.budgets import ChannelBudget
from harness.search.layer_costs import MeasuredCosts
from harness.tasks import Task
from harness.tasks.recipe import Recipe

# Raise when the pruning of channels changes in a way that changes weights: stored networks are then remade.
CHANNELS_VERSION = 11

# What shows that a channel without weights gives the same for all inputs.
_SETTLING_SAMPLES = 32

OnEpoch = Callable[[int, int], None]
"""Called with epochs done and in all."""


class Variant(Protocol):
    """A network made of another one, the unpruned or a candidate, without cutting it."""

    @property
    def key(self) -> str:
        """Name in tables and files."""

    @property
    def head(self) -> str:
        """What tables name in the place of a head."""

    @property
    def base(self) -> Candidate:
        """The candidate that it is made of, trained."""

    @property
    def recipe(self) -> Recipe:
        """How it is trained, which may be otherwise than `base`."""

    @property
    def seed(self) -> int:
        """Of all random choices."""

    def inputs(self) -> dict[str, Any]:
        """All that its making depends on beside reference, task and recipe, as JSON values."""

    def train(self, start: Any, task: Task, on_epoch: OnEpoch) -> tuple[Any, dict[str, Any]]:
        """The trained `keras.Model`, and facts about it as JSON values.

        Args:
            start: The trained network of `base`, which it also learns from where its recipe distils.
            task: Where the samples come from.
            on_epoch: Told of the progress.
        """


@dataclass(frozen=True)
class Sparse:
    """The unpruned network with its smallest weights set to 0: no kernel skips them.

    Attributes:
        sparsity: Share of the weights that are 0, in (0, 1).
        recipe: How the others are trained.
        seed: Of the order of the samples.
    """

    sparsity: float
    recipe: Recipe
    seed: int

    head = "sparse"
    base = Candidate(None, None)

    @property
    def key(self) -> str:
        """Such as `sparse-s50`, with the share in percent."""
        return f"sparse-s{self.sparsity * 100:g}"

    def inputs(self) -> dict[str, Any]:
        """What its making depends on."""
        return {"sparsity": self.sparsity, "seed": self.seed}

    def train(self, start: Any, task: Task, on_epoch: OnEpoch) -> tuple[Any, dict[str, Any]]:
        """Prune by magnitude."""
        model, history = magnitude_prune(start, task, self.sparsity, self.recipe, self.seed)
        return model, {"val_accuracy": max(epoch.val_accuracy for epoch in history)}


@dataclass(frozen=True)
class Channels:
    """A network with fewer channels, within a budget of one board.

    Attributes:
        budget: What it may cost, as shares of the network it is made of.
        costs: What was measured on the board.
        max_ram_bytes: Most RAM, where that is limited.
        recipe: How it is trained.
        seed: Of all random choices.
        base: The candidate it is made of: the unpruned network, or one that was cut.
    """

    budget: ChannelBudget
    costs: MeasuredCosts
    max_ram_bytes: float | None
    recipe: Recipe
    seed: int
    base: Candidate

    @property
    def key(self) -> str:
        """Such as `channels-c45`, with the share of cycles, or `block2-aux-channels-c45-f80` with that of flash too."""
        cut = "" if self.base.cut is None else f"{self.base.key}-"
        return f"{cut}channels-{self.budget}"

    @property
    def head(self) -> str:
        """Such as `channels`, or `aux-channels` after a cut."""
        return "channels" if self.base.cut is None else f"{self.base.head}-channels"

    def inputs(self) -> dict[str, Any]:
        """What its making depends on."""
        return {
            "budget": asdict(self.budget),
            "max_ram_bytes": self.max_ram_bytes,
            "seed": self.seed,
            "base": asdict(self.base),
            "costs": self.costs.to_json(),
            "annealing": asdict(Annealing()),
            "version": CHANNELS_VERSION,
        }

    def train(self, start: Any, task: Task, on_epoch: OnEpoch) -> tuple[Any, dict[str, Any]]:
        """Prune channels.

        Raises:
            SearchError: Even the fewest channels cost more.
        """
        settings = Annealing()
        # The board was measured without them, and the budget is a share of what was measured.
        start = drop_dead_channels(start, task.train.x[:_SETTLING_SAMPLES])
        calibration, budget = self._limits(start)
        gate_epochs = sum(settings.epochs(len(task.train.x)))
        pruned = prune_channels(
            start,
            task,
            budget,
            calibration,
            self.recipe,
            settings=settings,
            seed=self.seed,
            on_epoch=lambda phase, done, total: on_epoch(
                done + (gate_epochs if phase == "training" else 0), gate_epochs + self.recipe.epochs
            ),
        )
        return pruned.model, {
            "val_accuracy": pruned.val_accuracy,
            "channels": [list(width) for width in pruned.widths],
            "budget": asdict(budget),
            "modelled_over": pruned.over,
            "times_error": calibration.times.error,
        }

    def _limits(self, start: Any) -> tuple[Calibration, Budget]:
        """The model of the board's costs, and the budget in its terms: at 100 percent it is `start`."""
        costs, graph = self.costs, find_groups(start)
        times = fit_layer_times(costs.layers)
        bare = Resources(graph, Calibration(times))
        weights_bytes, peak_bytes = float(bare.flash_bytes({})), float(bare.ram_bytes({}))
        calibration = Calibration(
            times,
            flash_offset_bytes=costs.flash_bytes - weights_bytes,
            ram_offset_bytes=costs.ram_bytes - costs.arena_bytes,
            ram_factor=costs.arena_bytes / peak_bytes,
        )
        flash_bytes = calibration.flash_offset_bytes + weights_bytes * self.budget.flash_percent / 100
        budget = Budget(
            flash_bytes=None if self.budget.flash_percent == 100 else flash_bytes,
            ram_bytes=self.max_ram_bytes,
            cycles=float(bare.cycles({})) * self.budget.cycles_percent / 100,
        )
        return calibration, budget
