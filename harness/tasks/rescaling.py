"""The `Rescaling` that a user's network begins with: done to the samples, not by the board."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.tasks.arrays import FloatArray
from harness.tasks.model_config import Config

_NETWORKS = ("Sequential", "Functional", "Model")


@dataclass(frozen=True)
class Rescaling:
    """What the layer does: `x * scale + offset`, numbers or one for each channel."""

    scale: float | tuple[float, ...]
    offset: float | tuple[float, ...]

    def __call__(self, x: FloatArray) -> FloatArray:
        """Inputs float32 `[n, ...]` as the layers behind take them."""
        scaled: FloatArray = x * np.asarray(self.scale, np.float32) + np.asarray(self.offset, np.float32)
        return scaled


def first_rescaling(network: Config | None) -> Rescaling | None:
    """The `Rescaling` in front of all other layers of a network, by its configuration as Keras writes it.

    Layers that change pictures in training alone may come before it. None where there is no such layer.
    """
    try:
        layer = None if network is None else _first_layer(network)
        if layer is None or layer["class_name"] != "Rescaling":
            return None
        return Rescaling(_numbers(layer["config"]["scale"]), _numbers(layer["config"]["offset"]))
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def _numbers(value: Any) -> float | tuple[float, ...]:
    return tuple(map(float, value)) if isinstance(value, list) else float(value)


def _first_layer(network: Config) -> Config | None:
    """The layer that alone reads the network's input; that of a network within where this is one."""
    layers = network["config"]["layers"]
    names = [layers[0]["config"]["name"]] if layers[0]["class_name"] == "InputLayer" else []
    rest = layers[len(names) :]
    while rest:
        # A sequential network's layers have no `inbound_nodes`: each reads the one before.
        readers = [layer for layer in rest if any(_reads(layer, name) for name in names)]
        if network["class_name"] == "Sequential":
            readers = rest[:1]
        if len(readers) != 1:
            return None
        first: Config = readers[0]
        if first["class_name"] in _NETWORKS:
            return _first_layer(first)
        if not first["class_name"].startswith("Random"):
            return first
        names = [first["config"]["name"]]
        rest = [layer for layer in rest if layer is not first]
    return None


def _reads(layer: Config, name: str) -> bool:
    return f'"{name}"' in json.dumps(layer.get("inbound_nodes", []))
