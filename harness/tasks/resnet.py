"""ResNet-8 of MLPerf Tiny: three residual stages on 32x32 pictures."""

from typing import Any

from harness.tasks.framework import load_keras

_INPUT_SHAPE = (32, 32, 3)
_FILTERS = (16, 32, 64)


def build_resnet8(class_count: int) -> Any:
    """An untrained `keras.Model`: float32 `[n, 32, 32, 3]`, pixels 0 to 255, to probabilities `[n, class_count]`.

    Layers have fixed names (`conv1`, `block1_conv1`, `block1_conv2`, `block1_sum`, `block2_shortcut`, ...).
    """
    layers = load_keras().layers
    x = inputs = layers.Input(_INPUT_SHAPE, name="input")

    def convolution(x: Any, filters: int, name: str, size: int = 3, stride: int = 1) -> Any:
        return layers.Conv2D(filters, size, stride, padding="same", name=name)(x)

    def normalised(x: Any, name: str) -> Any:
        return layers.BatchNormalization(name=f"{name}_bn")(x)

    x = layers.ReLU(name="conv1_relu")(normalised(convolution(x, _FILTERS[0], "conv1"), "conv1"))
    for number, filters in enumerate(_FILTERS, start=1):
        name, stride, shortcut = f"block{number}", 1 if number == 1 else 2, x
        x = normalised(convolution(x, filters, f"{name}_conv1", stride=stride), f"{name}_conv1")
        x = layers.ReLU(name=f"{name}_conv1_relu")(x)
        x = normalised(convolution(x, filters, f"{name}_conv2"), f"{name}_conv2")
        if stride > 1:
            shortcut = convolution(shortcut, filters, f"{name}_shortcut", size=1, stride=stride)
        x = layers.Add(name=f"{name}_sum")([shortcut, x])
        x = layers.ReLU(name=f"{name}_relu")(x)
    x = layers.AveragePooling2D(tuple(x.shape[1:3]), name="pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(class_count, activation="softmax", name="classes")(x)
    return load_keras().Model(inputs, x, name="ic_resnet8")
