"""From a trained network and a budget to a smaller trained network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.pruning.channels.anneal import AnnealedEpoch, Annealing, anneal, settle
from harness.pruning.channels.choose import check_budget, choose_channels, judge
from harness.pruning.channels.extract import extract
from harness.pruning.channels.gates import GatedModel
from harness.pruning.channels.groups import find_groups
from harness.pruning.channels.resources import Budget, Calibration, Resources
from harness.pruning.channels.shared import shared_maps
from harness.pruning.statistics import keep_statistics
from harness.tasks.fit import Epoch, fit
from harness.tasks.lesson import prepare_lesson
from harness.tasks.recipe import Recipe
from harness.tasks.task import Task


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
        recipe: What gates and weights are trained on, and how long the weights afterwards. Where it distils, `model`
            is the teacher.
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
    check_budget(gated.graph, resources, budget)
    train = (task.train.x, task.train.y)
    closing, settling = settings.epochs(len(task.train.x))
    annealing: list[AnnealedEpoch] = []

    def gates_epoch(epoch: AnnealedEpoch) -> None:
        annealing.append(epoch)
        on_epoch("gates", epoch.number, closing + settling)

    lesson = prepare_lesson(gated.model, recipe, seed, model, task.augmentation)
    anneal(gated, resources, budget, train, lesson, settings, seed, gates_epoch)
    kept = choose_channels(gated, resources, budget, judge(gated, train, lesson, seed))
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
    keep_statistics(small.layers)
    result = fit(
        small,
        train,
        (task.validation.x, task.validation.y),
        recipe.whole(),
        seed,
        lambda epoch: on_epoch("training", epoch.number, recipe.epochs),
        teacher=model,
        augmentation=task.augmentation,
        maps=shared_maps(gated.graph, kept),
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
