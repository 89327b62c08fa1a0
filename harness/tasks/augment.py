"""Augmentation: small changes of pictures that leave their class as it is."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.tasks.arrays import FloatArray
from harness.tasks.framework import load_keras, seeded

_BATCH = 256


@dataclass(frozen=True)
class Augmentation:
    """How far a picture may be changed; what comes in from outside repeats the border.

    Attributes:
        rotation_deg: Largest turn either way, >= 0.
        shift: Largest shift either way, as a share of height and width, in [0, 1).
        zoom: Largest change of size either way, as a share, in [0, 1).
        flip: Whether left and right may be exchanged.
    """

    rotation_deg: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0
    flip: bool = False

    def before(self, model: Any, seed: int) -> Any:
        """`model`, its weights shared, with the changes before it."""
        keras = load_keras()
        x = inputs = keras.layers.Input(model.input_shape[1:])
        for layer in self._layers(seed):
            x = layer(x)
        return keras.Model(inputs, model(x))

    def apply(self, x: FloatArray, seed: int) -> FloatArray:
        """Pictures float32 `[n, height, width, channels]`, each changed once, random from `seed`."""
        found = np.empty_like(x)
        with seeded(seed):
            layers = self._layers(seed)
            for first in range(0, len(x), _BATCH):
                batch: Any = x[first : first + _BATCH]
                for layer in layers:
                    batch = layer(batch, training=True)
                found[first : first + _BATCH] = np.asarray(batch)
        return found

    def _layers(self, seed: int) -> list[Any]:
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
        if self.zoom:
            found.append(layers.RandomZoom(self.zoom, fill_mode="nearest", seed=seed + 3))
        return found
