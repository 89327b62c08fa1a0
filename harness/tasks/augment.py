"""Augmentation: small changes of inputs that leave their class as it is, and blends of two for a teacher to name."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.tasks.arrays import FloatArray
from harness.tasks.framework import load_keras, seeded
from harness.tasks.recipe import Recipe

_BATCH = 256


@dataclass(frozen=True)
class Augmentation:
    """How far a picture may be changed; what comes in from outside repeats the border.

    The spectrum of a sound is a picture whose height is time.

    Attributes:
        rotation_deg: Largest turn either way, >= 0.
        shift: Largest shift either way, as a share of height and width, in [0, 1).
        time_shift: Largest shift either way along the height alone, as a share of it, in [0, 1).
        zoom: Largest change of size either way, as a share, in [0, 1).
        flip: Whether left and right may be exchanged.
    """

    rotation_deg: float = 0.0
    shift: float = 0.0
    time_shift: float = 0.0
    zoom: float = 0.0
    flip: bool = False

    def layers(self, seed: int) -> list[Any]:
        """Keras layers that make the changes in training and none in inference, random from `seed`."""
        layers = load_keras().layers
        found: list[Any] = []
        if self.flip:
            found.append(layers.RandomFlip("horizontal", seed=seed))
        if self.rotation_deg:
            turn = self.rotation_deg / 360
            found.append(layers.RandomRotation(turn, fill_mode="nearest", seed=seed + 1))
        if self.shift:
            found.append(layers.RandomTranslation(self.shift, self.shift, fill_mode="nearest", seed=seed + 2))
        if self.time_shift:
            found.append(layers.RandomTranslation(self.time_shift, 0.0, fill_mode="nearest", seed=seed + 4))
        if self.zoom:
            found.append(layers.RandomZoom(self.zoom, fill_mode="nearest", seed=seed + 3))
        return found


def changes(augmentation: Augmentation | None, recipe: Recipe, seed: int) -> list[Any]:
    """Keras layers that change inputs as the recipe wants it; none where it wants none.

    Blends of two inputs are made as in "mixup" (Zhang et al. 2018), but that a teacher says what they are.

    Args:
        augmentation: How inputs of the task may be changed, if at all.
        recipe: Whether they are, and how they are blended.
        seed: Of all that is random.
    """
    found = augmentation.layers(seed) if augmentation and recipe.augmented_copies else []
    if recipe.blending:
        found.append(load_keras().layers.MixUp(recipe.blending, seed=seed + 5))
    return found


def change(x: FloatArray, layers: list[Any], seed: int) -> FloatArray:
    """Inputs float32 `[n, ...]`, each changed once as `layers` do it in training, random from `seed`."""
    found = np.empty_like(x)
    with seeded(seed):
        for first in range(0, len(x), _BATCH):
            batch: Any = x[first : first + _BATCH]
            for layer in layers:
                batch = layer(batch, training=True)
            found[first : first + _BATCH] = np.asarray(batch)
    return found
