"""Train a candidate's head, and its kept part where that is not frozen."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from harness.pruning.build import assemble, assemble_head
from harness.pruning.candidate import Candidate
from harness.pruning.features import FeatureCache
from harness.pruning.statistics import statistics_kept
from harness.tasks.fit import Epoch, FitResult, accuracy, fit
from harness.tasks.recipe import Recipe
from harness.tasks.task import Task


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A candidate's trained network and how it came about.

    Attributes:
        model: `keras.Model`, inputs `[n, *input_shape]` to class probabilities.
        history: One entry an epoch; empty for the unpruned network, which is not trained again.
        val_accuracy: Of `model` on the validation split, in [0, 1].
        seconds: Wall time of the training, feature computation left out.
    """

    model: Any
    history: tuple[Epoch, ...]
    val_accuracy: float
    seconds: float


def most_epochs(candidate: Candidate, recipe: Recipe) -> int:
    """How many epochs the candidate is trained for, if training does not stop early."""
    if candidate.cut is None:
        return recipe.epochs if candidate.head else 0
    return recipe.epochs if candidate.frozen else recipe.head_first().epochs + recipe.epochs


def train_candidate(
    reference: Any,
    candidate: Candidate,
    task: Task,
    recipe: Recipe,
    *,
    features: FeatureCache | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> TrainedModel:
    """Train `candidate` on the task's training split; `reference` keeps its weights.

    A frozen kept part gives the same feature maps in every epoch: they are computed once, and the
    head is trained on them alone. Where the kept part is trained too, this comes first, so that it is not
    shaken by a head that knows nothing, and then the whole; BatchNorm of the kept part keeps its statistics. The unpruned network is
    left as it is; the control is that network trained for as long as a head is.

    Args:
        reference: Trained `keras.Model`.
        candidate: What to keep, what to put on it, whether the kept part is frozen, and the seed.
        task: Where the samples come from.
        recipe: How to train.
        features: Keeps feature maps between calls; give the same one to all candidates of a search,
            cut by cut, so that heads of one cut share them.
        on_epoch: Called after every epoch; what it raises ends the training and propagates.

    Returns:
        The network of the best epoch on the validation split. The same arguments give the same
        weights on the same machine.

    Raises:
        InputError: `reference` has no such cut point, or the task's data is missing or damaged.
    """
    model = assemble(reference, candidate, len(task.class_names))
    if candidate.cut is None and candidate.head is None:
        return TrainedModel(model, (), accuracy(model, task.validation.x, task.validation.y), 0.0)
    if candidate.cut is None:
        with statistics_kept(model):
            result = _train_whole(reference, model, candidate, task, recipe.whole(), on_epoch)
        return TrainedModel(model, result.history, result.best.val_accuracy, result.seconds)
    alone = recipe if candidate.frozen else recipe.head_first()
    head = _train_head(reference, model, candidate, task, alone, features or FeatureCache(), on_epoch)
    if candidate.frozen:
        return TrainedModel(model, head.history, head.best.val_accuracy, head.seconds)
    done = len(head.history)

    def counted_on(epoch: Epoch) -> None:
        if on_epoch:
            on_epoch(replace(epoch, number=done + epoch.number))

    with statistics_kept(model):
        whole = _train_whole(
            reference, model, candidate, task, recipe.unfrozen(), counted_on, from_start=True
        )
    further = (replace(epoch, number=done + epoch.number) for epoch in whole.history)
    return TrainedModel(
        model,
        (*head.history, *further),
        whole.best.val_accuracy,
        head.seconds + whole.seconds,
    )


def _train_head(
    reference: Any,
    model: Any,
    candidate: Candidate,
    task: Task,
    recipe: Recipe,
    features: FeatureCache,
    on_epoch: Callable[[Epoch], None] | None,
) -> FitResult:
    """Train the head's layers of `model` in place."""
    cut = str(candidate.cut)
    if not features.fits(reference, cut, task, recipe):
        kept = [layer for layer in model.layers if not layer.name.startswith("head_")]
        for layer in kept:
            layer.trainable = False
        result = _train_whole(reference, model, candidate, task, recipe, on_epoch)
        for layer in kept:
            layer.trainable = True
        return result
    maps = features.maps(reference, cut, task, recipe)
    head = assemble_head(reference, candidate, len(task.class_names))
    result = fit(
        head,
        (maps.train, maps.train_y),
        (maps.validation, task.validation.y),
        recipe,
        candidate.seed,
        on_epoch,
        teacher=maps.teacher,
    )
    for layer in head.layers[1:]:
        model.get_layer(layer.name).set_weights(layer.get_weights())
    return result


def _train_whole(
    reference: Any,
    model: Any,
    candidate: Candidate,
    task: Task,
    recipe: Recipe,
    on_epoch: Callable[[Epoch], None] | None,
    *,
    from_start: bool = False,
) -> FitResult:
    """Train all of `model` that is trainable in place, from the task's inputs."""
    train, validation = task.train, task.validation
    return fit(
        model,
        (train.x, train.y),
        (validation.x, validation.y),
        recipe,
        candidate.seed,
        on_epoch,
        teacher=reference,
        augmentation=task.augmentation,
        from_start=from_start,
    )
