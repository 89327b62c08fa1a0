"""Depthwise-separable CNNs of the MLPerf Tiny pattern, sized by the task."""

from dataclasses import dataclass
from typing import Any

from harness.tasks.framework import load_keras


@dataclass(frozen=True)
class Block:
    """Depthwise 3x3 (SAME) with `stride`, then pointwise to `filters`, each with BN and ReLU."""

    filters: int
    stride: int = 1


@dataclass(frozen=True)
class DsCnn:
    """A whole network.

    Attributes:
        name: Of the Keras model.
        input_shape: (height, width, channels).
        kernel: (height, width) of the first convolution.
        stride: Of the first convolution.
        filters: Of the first convolution.
        blocks: Depthwise-separable blocks, front to back.
    """

    name: str
    input_shape: tuple[int, int, int]
    kernel: tuple[int, int]
    stride: int
    filters: int
    blocks: tuple[Block, ...]


def build_ds_cnn(spec: DsCnn, class_count: int) -> Any:
    """An untrained `keras.Model`: float32 `[n, *input_shape]` to probabilities `[n, class_count]`.

    Layers have fixed names (`conv1`, `block1_dw`, `block1_pw`, ... each with `_bn` and `_relu`),
    so that the same network gives the same bytes after conversion.
    """
    layers = load_keras().layers
    x = inputs = layers.Input(spec.input_shape, name="input")

    def normalised(x: Any, name: str) -> Any:
        x = layers.BatchNormalization(name=f"{name}_bn")(x)
        return layers.ReLU(name=f"{name}_relu")(x)

    conv1 = layers.Conv2D(spec.filters, spec.kernel, spec.stride, padding="same", name="conv1")
    x = normalised(conv1(x), "conv1")
    for number, block in enumerate(spec.blocks, start=1):
        depthwise = layers.DepthwiseConv2D(3, block.stride, padding="same", name=f"block{number}_dw")
        x = normalised(depthwise(x), f"block{number}_dw")
        x = normalised(layers.Conv2D(block.filters, 1, name=f"block{number}_pw")(x), f"block{number}_pw")
    x = layers.AveragePooling2D(tuple(x.shape[1:3]), name="pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(class_count, activation="softmax", name="classes")(x)
    return load_keras().Model(inputs, x, name=spec.name)
