"""Heads: the small networks that take the place of what is cut off."""

from collections.abc import Callable
from typing import Any

from harness.tasks.framework import load_keras

# Keras's 0.99 needs several hundred steps to forget its start; a head on a few hundred samples
# would be judged, and its best epoch chosen, with statistics of weights it no longer has.
_BN_MOMENTUM = 0.9


def _aux(class_count: int) -> list[Any]:
    """Two depthwise-separable blocks of 32 and 16 filters, average, classes.

    "dscnn32_16" of De Leon & Atienza, "Depth Pruning with Auxiliary Networks for TinyML" (2022).
    """
    layers = load_keras().layers
    stack: list[Any] = []
    for number, filters in enumerate((32, 16), start=1):
        for part, convolution in (
            ("dw", layers.DepthwiseConv2D(3, padding="same", name=f"head_block{number}_dw")),
            ("pw", layers.Conv2D(filters, 1, name=f"head_block{number}_pw")),
        ):
            stack += [
                convolution,
                layers.BatchNormalization(momentum=_BN_MOMENTUM, name=f"head_block{number}_{part}_bn"),
                layers.ReLU(name=f"head_block{number}_{part}_relu"),
            ]
    return [*stack, layers.GlobalAveragePooling2D(name="head_pool"), _classes(class_count)]


def _dense(class_count: int) -> list[Any]:
    """Average over the map, then dense 64, 32, classes: the plain head the paper compares with."""
    layers = load_keras().layers
    return [
        layers.GlobalAveragePooling2D(name="head_pool"),
        layers.Dense(64, activation="relu", name="head_dense1"),
        layers.Dense(32, activation="relu", name="head_dense2"),
        _classes(class_count),
    ]


def _classes(class_count: int) -> Any:
    return load_keras().layers.Dense(class_count, activation="softmax", name="head_classes")


HEADS: dict[str, Callable[[int], list[Any]]] = {"aux": _aux, "dense": _dense}
"""Name of each head and what makes its untrained Keras layers, front to back, for a number of classes.

They take a feature map float32 `[n, height, width, channels]` and give probabilities `[n, classes]`.
"""
