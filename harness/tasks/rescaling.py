"""The `Rescaling` that a user's network begins with: done to the samples, not by the board."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.tasks.arrays import FloatArray

_NETWORKS = ("Sequential", "Functional", "Model")
Config = dict[str, Any]


@dataclass(frozen=True)
class Rescaling:
    """What the layer does: `x * scale + offset`, numbers or one for each channel."""

    scale: float | tuple[float, ...]
    offset: float | tuple[float, ...]

    def __call__(self, x: FloatArray) -> FloatArray:
        """Inputs float32 `[n, ...]` as the layers behind take them."""
        scaled: FloatArray = x * np.asarray(self.scale, np.float32) + np.asarray(self.offset, np.float32)
        return scaled


def first_rescaling(path: Path) -> Rescaling | None:
    """The `Rescaling` in front of all other layers of a `.keras` or `.h5` file, read without TensorFlow.

    Layers that change pictures in training alone may come before it. None where there is no such layer; a damaged
    file is left to `load_model` to tell.
    """
    try:
        config = _read_config(path)
        layer = None if config is None else _first_layer(config)
        if layer is None or layer["class_name"] != "Rescaling":
            return None
        return Rescaling(_numbers(layer["config"]["scale"]), _numbers(layer["config"]["offset"]))
    except (OSError, zipfile.BadZipFile, KeyError, IndexError, TypeError, ValueError):
        return None


def _numbers(value: Any) -> float | tuple[float, ...]:
    return tuple(map(float, value)) if isinstance(value, list) else float(value)


def _read_config(path: Path) -> Config | None:
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            found: Config = json.loads(archive.read("config.json"))
            return found
    import h5py  # comes with Keras

    with h5py.File(path, "r") as file:
        text = file.attrs.get("model_config")
        return None if text is None else json.loads(text)


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
