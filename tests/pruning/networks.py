"""Networks to prune that have never been trained, and gates on them."""

from typing import Any

import numpy as np

from harness.pruning.channels import Calibration, fit_layer_times
from harness.pruning.channels.gates import GatedModel
from harness.tasks.framework import load_keras
from harness.tasks.recipe import Recipe

TRAINING = Recipe("few", 6, 20, ((0, 2e-3),))
NO_TIMES = Calibration(fit_layer_times([]))


def randomised(model: Any) -> Any:
    """BatchNorm statistics and biases that are not 0, so that a wrong slice shows."""
    random = np.random.default_rng(5)
    model.set_weights(
        [w + random.uniform(0.05, 0.3, w.shape).astype(np.float32) for w in model.get_weights()]
    )
    return model


def randomly_gated(model: Any, seed: int) -> GatedModel:
    """Gates that are open or closed at random, half of them each."""
    random = np.random.default_rng(seed)
    gated = GatedModel(model)
    for strength in gated.strengths.values():
        strength.assign(random.normal(size=strength.shape))
    return gated


def plain() -> Any:
    layers = load_keras().layers
    inputs = layers.Input((8, 8, 2))
    x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(inputs)))
    x = layers.PReLU(shared_axes=[1, 2])(layers.DepthwiseConv2D(3, strides=2, padding="same")(x))
    x = layers.Conv2D(12, 1, activation="relu")(layers.ZeroPadding2D(1)(x))
    x = layers.Flatten()(layers.MaxPooling2D()(x))
    x = layers.Dropout(0.1)(layers.Dense(10, activation="relu")(x))
    return load_keras().Model(inputs, layers.Dense(3, activation="softmax")(x))


def residual() -> Any:
    layers = load_keras().layers
    inputs = layers.Input((8, 8, 3))
    x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(inputs)))
    y = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(6, 3, padding="same")(x)))
    y = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(y))
    x = layers.ReLU()(layers.Add()([x, y]))
    y = layers.Conv2D(16, 3, strides=2, padding="same")(x)
    x = layers.Add()([layers.Conv2D(16, 1, strides=2)(x), y])
    x = layers.Dense(4, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    return load_keras().Model(inputs, x)


NETWORKS = {"plain": plain, "residual": residual}
