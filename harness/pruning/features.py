"""Feature maps at a cut, computed once for all heads put there."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from harness.pruning.build import assemble_tail, cut_named
from harness.tasks.arrays import FloatArray, LabelArray
from harness.tasks.augment import Augmentation
from harness.tasks.fit import Teacher, predict
from harness.tasks.model_file import model_fingerprint
from harness.tasks.recipe import Recipe
from harness.tasks.task import Task

MOST_BYTES = 1 << 30
"""Feature maps that take more are not kept: the kept part computes them anew in every epoch."""


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """What the kept part gives for the training and validation inputs: float32 `[n, *map_shape]`.

    Attributes:
        train: For the training inputs, then for each changed copy of them.
        train_y: Their classes, int64 `[n]`.
        validation: For the validation inputs.
        teacher: What the whole network gives for the same inputs, if it was asked for.
    """

    train: FloatArray
    train_y: LabelArray
    validation: FloatArray
    teacher: Teacher | None


class FeatureCache:
    """Keeps the feature maps of the last cut asked for.

    One cut's maps of keyword spotting are 130 MB and take a second or two to compute, so that
    keeping more than one would cost memory for nothing.
    """

    def __init__(self) -> None:
        self._key: tuple[Any, ...] | None = None
        self._maps: FeatureMaps | None = None

    def fits(self, reference: Any, cut_name: str, task: Task, recipe: Recipe) -> bool:
        """Whether the maps take no more than `MOST_BYTES`. Raises as `maps` does."""
        values = prod(cut_named(reference, cut_name).map_shape)
        rows = len(task.train) * (1 + _copies(task, recipe)) + len(task.validation)
        return 4 * rows * values <= MOST_BYTES

    def maps(self, reference: Any, cut_name: str, task: Task, recipe: Recipe) -> FeatureMaps:
        """The maps of `reference` at its cut point `cut_name`, for as many changed copies as `recipe` asks.

        Raises:
            InputError: There is no such cut point, or the task's data is missing or damaged.
        """
        copies, taught = _copies(task, recipe), recipe.distillation > 0
        key = (model_fingerprint(reference), cut_name, task.fingerprint, task.augmentation, copies, taught)
        if self._maps is None or key != self._key:
            self._maps = None  # free the last ones first
            tail = assemble_tail(reference, cut_named(reference, cut_name))
            self._maps = _compute(reference, tail, task, copies, taught)
            self._key = key
        return self._maps


def teacher_of(reference: Any, task: Task) -> Teacher:
    """What `reference` gives for the task's training and validation inputs."""
    return Teacher(predict(reference, task.train.x), predict(reference, task.validation.x))


def _copies(task: Task, recipe: Recipe) -> int:
    return recipe.augmented_copies if task.augmentation else 0


def _compute(reference: Any, tail: Any, task: Task, copies: int, taught: bool) -> FeatureMaps:
    maps = [predict(tail, task.train.x)]
    answers = [predict(reference, task.train.x)] if taught else []
    augmentation = task.augmentation or Augmentation()
    for copy in range(copies):
        changed = augmentation.apply(task.train.x, seed=copy)
        maps.append(predict(tail, changed))
        if taught:
            answers.append(predict(reference, changed))
    return FeatureMaps(
        np.concatenate(maps),
        np.tile(task.train.y, 1 + copies),
        predict(tail, task.validation.x),
        Teacher(np.concatenate(answers), predict(reference, task.validation.x)) if taught else None,
    )
