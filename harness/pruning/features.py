"""Feature maps at a cut, computed once for all heads put there."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from harness.pruning.build import assemble_tail, cut_named
from harness.tasks.arrays import FloatArray, LabelArray
from harness.tasks.augment import change, changes
from harness.tasks.fit import predict
from harness.tasks.lesson import Answers
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
    teacher: Answers | None


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
        shown = (task.fingerprint, task.augmentation, copies, recipe.blending)
        key = (model_fingerprint(reference), cut_name, *shown, taught)
        if self._maps is None or key != self._key:
            self._maps = None  # free the last ones first
            tail = assemble_tail(reference, cut_named(reference, cut_name))
            self._maps = _compute(reference, tail, task, recipe)
            self._key = key
        return self._maps


def _copies(task: Task, recipe: Recipe) -> int:
    return recipe.augmented_copies if task.augmentation or recipe.blending else 0


def _compute(reference: Any, tail: Any, task: Task, recipe: Recipe) -> FeatureMaps:
    copies = _copies(task, recipe)
    shown = [task.train.x]
    shown += [change(task.train.x, changes(task.augmentation, recipe, copy), copy) for copy in range(copies)]
    answers = None
    if recipe.distillation:
        answers = Answers(
            np.concatenate([predict(reference, x) for x in shown]), predict(reference, task.validation.x)
        )
    return FeatureMaps(
        np.concatenate([predict(tail, x) for x in shown]),
        np.tile(task.train.y, 1 + copies),
        predict(tail, task.validation.x),
        answers,
    )
