"""From a trained network and a budget to a smaller trained network."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import SearchError
from harness.pruning.channels.anneal import AnnealedEpoch, Annealing, anneal, settle
from harness.pruning.channels.extract import extract
from harness.pruning.channels.gates import GatedModel
from harness.pruning.channels.groups import find_groups
from harness.pruning.channels.resources import Budget, Calibration, Resources
from harness.tasks.fit import Epoch, fit
from harness.tasks.lesson import prepare_lesson
from harness.tasks.recipe import Recipe
from harness.tasks.task import Task

CHANNEL_STEP = 4
"""Channels are kept in multiples of this: the kernels work on whole words of four int8 values."""

# Factor on the rates of training a whole network: what is left works already, and its BatchNorm bears no high rates.
_RATE_AFTERWARDS = 1 / 3


@dataclass(frozen=True, eq=False)
class PrunedChannels:
    """What is left of a network.

    Attributes:
        model: `keras.Model` with fewer channels, trained further.
        widths: Channels before and after, for each group in the order of the network.
        over: Limit -> share by which the model's costs exceed it; none above 0.
        annealing: One entry an epoch of the gates' training.
        history: One entry an epoch of the training afterwards.
        val_accuracy: Of `model` on the validation split, in [0, 1].
    """

    model: Any
    widths: tuple[tuple[int, int], ...]
    over: dict[str, float]
    annealing: tuple[AnnealedEpoch, ...]
    history: tuple[Epoch, ...]
    val_accuracy: float


def prune_channels(
    model: Any,
    task: Task,
    budget: Budget,
    calibration: Calibration,
    recipe: Recipe,
    *,
    teacher: Any = None,
    settings: Annealing | None = None,
    seed: int = 0,
    on_epoch: Callable[[str, int, int], None] = lambda phase, done, total: None,
) -> PrunedChannels:
    """Drop channels of `model` until it costs no more than `budget`, then train what is left.

    Args:
        model: Trained `keras.Model` giving class probabilities; it keeps its weights.
        task: Training and validation splits.
        budget: Most it may cost on the board.
        calibration: The board's, from measured layers and an image.
        recipe: What gates and weights are trained on, and how long the weights afterwards.
        teacher: `keras.Model` to learn from, where the recipe distils; None for `model`.
        settings: Of the gates' training.
        seed: Of all random choices.
        on_epoch: Called after each epoch with `gates` or `training`, epochs done and in all.

    Raises:
        SearchError: Even one step of channels in every group costs more.
        InputError: The model is not one that can be pruned.
    """
    settings = settings or Annealing()
    gated = GatedModel(model)
    resources = Resources(gated.graph, calibration)
    train = (task.train.x, task.train.y)
    closing, settling = settings.epochs(len(task.train.x))
    annealing: list[AnnealedEpoch] = []

    def gates_epoch(epoch: AnnealedEpoch) -> None:
        annealing.append(epoch)
        on_epoch("gates", epoch.number, closing + settling)

    teacher = model if teacher is None else teacher
    lesson = prepare_lesson(gated.model, recipe, seed, teacher, task.augmentation)
    anneal(gated, resources, budget, train, lesson, settings, seed, gates_epoch)
    kept = choose_channels(gated, resources, budget)
    settle(
        gated,
        kept,
        train,
        lesson,
        settings,
        seed,
        lambda number: on_epoch("gates", closing + number, closing + settling),
    )
    small = extract(gated.graph, kept, f"{model.name}_channels")
    afterwards = replace(recipe, unfrozen_rate=recipe.unfrozen_rate * _RATE_AFTERWARDS)
    result = fit(
        small,
        train,
        (task.validation.x, task.validation.y),
        afterwards.unfrozen(),
        seed,
        lambda epoch: on_epoch("training", epoch.number, recipe.epochs),
        teacher=teacher,
        augmentation=task.augmentation,
        from_start=True,
    )
    left = Resources(find_groups(small), calibration)
    return PrunedChannels(
        small,
        tuple((gated.graph.sizes[group], len(channels)) for group, channels in sorted(kept.items())),
        {name: float(share) for name, share in left.over(budget, {}).items()},
        tuple(annealing),
        result.history,
        result.best.val_accuracy,
    )


def choose_channels(
    gated: GatedModel, resources: Resources, budget: Budget
) -> dict[int, npt.NDArray[np.int64]]:
    """Which channels stay: those with open gates, in whole steps, as many as the budget has room for.

    Gates decide but for the remainder: while a limit is exceeded the step of channels with the weakest gates goes,
    and where there is room the strongest closed one that still fits comes back.

    Raises:
        SearchError: Even one step of channels in every group costs more than the budget.
    """
    strengths = {group: np.asarray(value) for group, value in gated.strengths.items()}
    ranked = {group: np.argsort(-value, kind="stable") for group, value in strengths.items()}
    gates = {group: np.asarray(value) for group, value in gated.gates().items()}
    counts = {
        group: min(_more(max(int((value > 0).sum()), 1) - 1, len(value)), len(value))
        for group, value in strengths.items()
    }

    def exceeded() -> bool:
        widths = {group: float(count) for group, count in counts.items()}
        return any(float(share) > 0 for share in resources.over(budget, widths).values())

    def edge(group: int, count: int) -> tuple[float, float]:
        """How far the last step of channels among `count` is open, and would be."""
        last = ranked[group][max(_fewer(count), 0) : count]
        return float(gates[group][last].mean()), float(strengths[group][last].mean())

    while exceeded():
        open_ = [group for group, count in counts.items() if _fewer(count) > 0]
        if not open_:
            raise SearchError(
                "the budget is below what is left with the fewest channels in every layer; allow more, or cut deeper"
            )
        weakest = min(open_, key=lambda group: edge(group, counts[group]))
        counts[weakest] = _fewer(counts[weakest])
    closed = set(counts)
    while closed:
        best = max(closed, key=lambda group: edge(group, _more(counts[group], len(strengths[group]))))
        before, counts[best] = counts[best], _more(counts[best], len(strengths[best]))
        if counts[best] == before or exceeded():
            counts[best] = before
            closed.discard(best)
    return {group: np.sort(ranked[group][:count]) for group, count in counts.items()}


def _fewer(count: int) -> int:
    """One step less, or what is beyond whole steps."""
    return (count - 1) // CHANNEL_STEP * CHANNEL_STEP


def _more(count: int, size: int) -> int:
    return min((count // CHANNEL_STEP + 1) * CHANNEL_STEP, size)
