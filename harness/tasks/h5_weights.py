"""Weights of old Keras files (`.h5`) for networks that our own code builds."""

import re
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.tasks.framework import first_line, load_keras

# Where the file numbers layers of a kind in the order they were made, those of our networks are put in that order.
_KINDS = ("conv2d", "depthwise_conv2d", "batch_normalization", "dense")


def load_h5_weights(model: Any, path: Path) -> None:
    """Give `model` the weights in `path`, kind of layer by kind, in the order of making.

    Args:
        model: `keras.Model` of the same layers, under whatever names.
        path: A whole model or weights alone, as Keras 2 wrote them.

    Raises:
        InputError: The file is damaged or holds another network's weights.
    """
    import h5py  # comes with Keras

    try:
        with h5py.File(path, "r") as file:
            stored = _stored_weights(file.get("model_weights", file))
        for kind, layers in _layers_by_kind(model).items():
            found = stored.get(kind, [])
            if len(found) != len(layers):
                raise ValueError(f"it has {len(found)} layers {kind} where {len(layers)} belong")
            for layer, weights in zip(layers, found, strict=True):
                layer.set_weights(weights)
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise InputError(f"{path} does not hold the weights of {model.name}: {first_line(error)}") from error


def _stored_weights(group: Any) -> dict[str, list[list[Any]]]:
    """Kind -> the weights of its layers, in the order of their numbers."""
    numbered: dict[str, dict[int, list[Any]]] = {}
    for name in (_text(name) for name in group.attrs["layer_names"]):
        weights = [group[name][_text(weight)][()] for weight in group[name].attrs["weight_names"]]
        match = re.fullmatch(r"(.*?)(?:_(\d+))?", name)
        if weights and match:
            numbered.setdefault(match[1], {})[int(match[2] or 0)] = weights
    return {kind: [layers[number] for number in sorted(layers)] for kind, layers in numbered.items()}


def _layers_by_kind(model: Any) -> dict[str, list[Any]]:
    """Kind -> our layers of it, by block, and a block's shortcut last, as the originals were made."""
    classes = load_keras().layers
    kinds = {
        classes.DepthwiseConv2D: "depthwise_conv2d",
        classes.Conv2D: "conv2d",
        classes.BatchNormalization: "batch_normalization",
        classes.Dense: "dense",
    }
    found: dict[str, list[Any]] = {kind: [] for kind in _KINDS}
    for layer in model.layers:
        if layer.weights:
            found[kinds[type(layer)]].append(layer)
    for layers in found.values():
        layers.sort(key=_making_order)
    return {kind: layers for kind, layers in found.items() if layers}


def _making_order(layer: Any) -> tuple[int, bool]:
    """Sorts by block; the sort is stable, so that a block's own layers stay in their order."""
    block = re.search(r"\d+", layer.name)
    name = layer.name
    number = int(block[0]) if block and name.startswith(("block", "dense")) else 0
    return (10**6 if name in ("classes", "rebuilt") else number), "shortcut" in name


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)
