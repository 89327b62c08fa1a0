"""Heads: the small networks that take the place of what is cut off."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.tasks.framework import load_keras

# Keras's 0.99 needs several hundred steps to forget its start; a head on a few hundred samples
# would be judged, and its best epoch chosen, with statistics of weights it no longer has.
_BN_MOMENTUM = 0.9

_ADAPTED_FILTERS = 32
_ADAPTED_POSITIONS = 16


@dataclass(frozen=True)
class HeadSpec:
    """What a head is made for.

    Attributes:
        class_count: Number of outputs, >= 2.
        map_shape: (height, width, channels) of the feature map it stands on.
        width: Factor on the number of its channels, > 0.
    """

    class_count: int
    map_shape: tuple[int, int, int]
    width: float = 1.0

    def filters(self, count: int) -> int:
        """`count` channels at width 1, to a multiple of 4: kernels take four at a time."""
        return max(4, 4 * round(count * self.width / 4))


def adapted_blocks(spec: HeadSpec) -> list[tuple[int, int]]:
    """(stride, filters) of each separable block of the `adapted` head.

    Every block halves the map until 16 positions are left, so that a block costs at most a quarter of the one
    before; there are at least two. Channels double on the way up to 32. See docs/adr/007-adapted-head.md.
    """
    height, width, channels = spec.map_shape
    most = spec.filters(_ADAPTED_FILTERS)
    blocks: list[tuple[int, int]] = []
    while height * width > _ADAPTED_POSITIONS or len(blocks) < 2:
        stride = 2 if height * width > _ADAPTED_POSITIONS else 1
        height, width = -(-height // stride), -(-width // stride)
        channels = min(most, 2 * channels)
        blocks.append((stride, channels))
    return blocks


def _aux(spec: HeadSpec) -> list[Any]:
    """Two depthwise-separable blocks of 32 and 16 filters, average, classes.

    "dscnn32_16" of De Leon & Atienza, "Depth Pruning with Auxiliary Networks for TinyML" (2022).
    """
    return _separable(spec, [(1, spec.filters(32)), (1, spec.filters(16))])


def _adapted(spec: HeadSpec) -> list[Any]:
    """As `aux`, with strides and filters by the size of the map."""
    return _separable(spec, adapted_blocks(spec))


def _separable(spec: HeadSpec, blocks: list[tuple[int, int]]) -> list[Any]:
    """Depthwise-separable blocks of (stride, filters), average, classes."""
    layers = load_keras().layers
    stack: list[Any] = []
    for number, (stride, filters) in enumerate(blocks, start=1):
        for part, convolution in (
            ("dw", layers.DepthwiseConv2D(3, stride, padding="same", name=f"head_block{number}_dw")),
            ("pw", layers.Conv2D(filters, 1, name=f"head_block{number}_pw")),
        ):
            stack += [
                convolution,
                layers.BatchNormalization(momentum=_BN_MOMENTUM, name=f"head_block{number}_{part}_bn"),
                layers.ReLU(name=f"head_block{number}_{part}_relu"),
            ]
    return [*stack, layers.GlobalAveragePooling2D(name="head_pool"), _classes(spec)]


def _dense(spec: HeadSpec) -> list[Any]:
    """Average over the map, then dense 64, 32, classes: the plain head the paper compares with."""
    layers = load_keras().layers
    return [
        layers.GlobalAveragePooling2D(name="head_pool"),
        layers.Dense(spec.filters(64), activation="relu", name="head_dense1"),
        layers.Dense(spec.filters(32), activation="relu", name="head_dense2"),
        _classes(spec),
    ]


def _gap(spec: HeadSpec) -> list[Any]:
    """Average over the map, then classes: the least that can stand there."""
    return [load_keras().layers.GlobalAveragePooling2D(name="head_pool"), _classes(spec)]


def _classes(spec: HeadSpec) -> Any:
    return load_keras().layers.Dense(spec.class_count, activation="softmax", name="head_classes")


HEADS: dict[str, Callable[[HeadSpec], list[Any]]] = {
    "aux": _aux,
    "dense": _dense,
    "gap": _gap,
    "adapted": _adapted,
}
"""Name of each head and what makes its untrained Keras layers, front to back.

They take a feature map float32 `[n, height, width, channels]` and give probabilities `[n, classes]`.
"""

DEFAULT_HEADS = ("aux", "dense")
"""What a search tries where nothing else is asked for."""

WIDENED_HEADS = tuple(name for name in HEADS if name != "gap")
"""Those with channels of their own, which a width makes more or fewer."""

CONTROL = "none"
"""In place of a head: nothing is cut off, and the whole network is trained for as long as the others."""
