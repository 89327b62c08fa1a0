"""Train a candidate's head, and its kept part where that is not frozen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.pruning.build import assemble, assemble_head
from harness.pruning.candidate import Candidate
from harness.pruning.features import FeatureCache
from harness.tasks.fit import Epoch, accuracy, fit
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
    head is trained on them alone.

    Args:
        reference: Trained `keras.Model`.
        candidate: What to keep, what to put on it, whether the kept part is frozen, and the seed.
        task: Where the samples come from.
        recipe: How to train.
        features: Keeps feature maps between calls; give the same one to all candidates of a search,
            cut by cut, so that heads of one cut share them.
        on_epoch: Called after every epoch; what it raises ends the training and propagates.

    Returns:
        The network of the epoch with the best validation accuracy. The same arguments give the same
        weights on the same machine.

    Raises:
        InputError: `reference` has no such cut point, or the task's data is missing or damaged.
    """
    model = assemble(reference, candidate, len(task.class_names))
    train, validation = task.train, task.validation
    if candidate.cut is None:
        return TrainedModel(model, (), accuracy(model, validation.x, validation.y), 0.0)
    if candidate.frozen:
        maps = (features or FeatureCache()).maps(reference, candidate.cut, task)
        trained = assemble_head(reference, candidate, len(task.class_names))
        data = (maps.train, train.y), (maps.validation, validation.y)
    else:
        trained = model
        data = (train.x, train.y), (validation.x, validation.y)
    result = fit(trained, *data, recipe, candidate.seed, on_epoch)
    if trained is not model:
        for layer in trained.layers[1:]:
            model.get_layer(layer.name).set_weights(layer.get_weights())
    return TrainedModel(model, result.history, result.best.val_accuracy, result.seconds)
