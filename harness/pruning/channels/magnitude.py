"""Unstructured magnitude pruning: the baseline whose zeros no kernel of these boards skips."""

from typing import Any

import numpy as np

from harness.errors import InputError
from harness.pruning.graph import is_layer
from harness.pruning.statistics import statistics_kept
from harness.tasks.fit import Epoch, fit
from harness.tasks.framework import load_keras, load_tensorflow
from harness.tasks.recipe import Recipe
from harness.tasks.task import Task


def magnitude_prune(
    model: Any, task: Task, sparsity: float, recipe: Recipe, seed: int = 0
) -> tuple[Any, tuple[Epoch, ...]]:
    """Set the smallest weights of every layer to 0 and train the others.

    Args:
        model: Trained `keras.Model`; it keeps its weights.
        task: Training and validation splits.
        sparsity: Share of the weights of each convolution and dense layer that become 0, in [0, 1).
        recipe: How to train what is left.
        seed: Of shuffling.

    Returns:
        The network, and one entry an epoch.

    Raises:
        InputError: `sparsity` is outside its range.
    """
    if not 0 <= sparsity < 1:
        raise InputError(f"a sparsity is from 0 to below 1, not {sparsity}")
    keras, tf = load_keras(), load_tensorflow()
    sparse = keras.models.clone_model(model)
    sparse.set_weights(model.get_weights())
    for layer in sparse.layers:
        if not is_layer(layer, "Conv2D", "DepthwiseConv2D", "Dense"):
            continue
        kernel = layer.kernel
        values = np.abs(np.asarray(kernel))
        mask = tf.constant(values > np.quantile(values, sparsity) if sparsity else values >= 0, tf.float32)
        kernel.assign(kernel * mask)
        # Adam steps a weight whatever its mask: the constraint puts it back to 0 after each step.
        kernel.constraint = lambda weights, mask=mask: weights * mask
    with statistics_kept(sparse):
        result = fit(
            sparse,
            (task.train.x, task.train.y),
            (task.validation.x, task.validation.y),
            recipe.whole(),
            seed,
            teacher=model,
            augmentation=task.augmentation,
        )
    return sparse, result.history
