"""Networks of sequences as networks of pictures one wide, which is all that cuts, gates and kernels have to know."""

import json
from typing import Any

from harness.errors import InputError
from harness.tasks.framework import load_keras
from harness.tasks.model_config import Config

_ALONG_STEPS = (
    *("Conv1D", "DepthwiseConv1D", "SeparableConv1D", "ZeroPadding1D", "Cropping1D", "SpatialDropout1D"),
    *("MaxPooling1D", "AveragePooling1D", "GlobalMaxPooling1D", "GlobalAveragePooling1D"),
)
_BESIDE_THEM = (
    *("InputLayer", "Dense", "Activation", "ReLU", "LeakyReLU", "Softmax", "BatchNormalization", "Add"),
    "Concatenate",
    *("Dropout", "GaussianNoise", "Rescaling", "Reshape", "Flatten"),
)
_SIZES = ("kernel_size", "pool_size")
# Doubled for the width, where they do nothing: TensorFlow wants them equal.
_INTERVALS = ("strides", "dilation_rate")
_PAIRS_OF_STEPS = ("padding", "cropping")  # in front and behind


def reads_sequences(network: Config | None) -> bool:
    """Whether a network, by its configuration as Keras writes it, has layers along the steps of a sequence."""
    text = json.dumps(network, default=str)
    return any(f'"class_name": "{name}"' in text for name in _ALONG_STEPS)


def picture_layers(layer: Any) -> list[Any]:
    """Untrained layers that do to `(steps, 1, channels)` what `layer` does to `(steps, channels)`.

    Their weights stand in the same order, and a reshape carries them over.

    Raises:
        InputError: There are no such layers.
    """
    layers, kind, config = load_keras().layers, type(layer).__name__, layer.get_config()
    if kind in _ALONG_STEPS:
        return _twin(getattr(layers, kind.replace("1D", "2D")), config)
    if kind not in _BESIDE_THEM or config.get("axis", -1) not in (-1, 2):
        raise InputError(
            f"layer {layer.name!r} is a {kind}, which cannot stand beside layers along a sequence; along the last axis "
            f"these can: {', '.join(_BESIDE_THEM)}"
        )
    if "axis" in config:
        config["axis"] = -1
    if kind == "Reshape" and len(config["target_shape"]) == 2:
        steps, channels = config["target_shape"]
        config["target_shape"] = (steps, 1, channels)
    return [type(layer).from_config(config)]


def _twin(kind: Any, config: Config) -> list[Any]:
    for name in _SIZES:
        if name in config:
            config[name] = (*config[name], 1)
    for name in _INTERVALS:
        if name in config:
            config[name] = 2 * tuple(config[name])
    for name in _PAIRS_OF_STEPS:
        if isinstance(config.get(name), (tuple, list)):
            config[name] = (tuple(config[name]), (0, 0))
    if config.get("padding") != "causal":
        return [kind.from_config(config)]
    in_front = config["dilation_rate"][0] * (config["kernel_size"][0] - 1)
    padding = load_keras().layers.ZeroPadding2D(((in_front, 0), (0, 0)), name=f"{config['name']}_pad")
    return [padding, kind.from_config(config | {"padding": "valid"})]
