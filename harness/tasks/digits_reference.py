"""The digits task's reference network, trained here from scratch."""

from typing import Any

from harness.tasks.dscnn import Block, DsCnn, build_ds_cnn
from harness.tasks.fit import fit
from harness.tasks.framework import seeded
from harness.tasks.recipe import Recipe
from harness.tasks.task import Task

ARCHITECTURE = DsCnn(
    name="digits_ds_cnn",
    input_shape=(8, 8, 1),
    kernel=(3, 3),
    stride=1,
    filters=16,
    blocks=(Block(32), Block(32, stride=2), Block(32), Block(32)),
)
RECIPE = Recipe(
    name="digits-reference",
    epochs=30,
    batch_size=64,
    learning_rates=((0, 1e-2), (15, 3e-3), (24, 5e-4)),
)
_SEED = 0


def train_digits_reference(task: Task) -> Any:
    """A trained `keras.Model`, the same at every call on the same machine."""
    with seeded(_SEED):
        model = build_ds_cnn(ARCHITECTURE, len(task.class_names))
    fit(
        model,
        (task.train.x, task.train.y),
        (task.validation.x, task.validation.y),
        RECIPE,
        _SEED,
    )
    return model
