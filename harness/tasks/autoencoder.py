"""The fully connected autoencoder of MLPerf Tiny's anomaly detection."""

from typing import Any

from harness.tasks.framework import load_keras

_WIDTHS = (128, 128, 128, 128, 8, 128, 128, 128, 128)


def build_autoencoder(size: int) -> Any:
    """An untrained `keras.Model`: features float32 `[n, size]` to the same features rebuilt."""
    layers = load_keras().layers
    x = inputs = layers.Input((size,), name="input")
    for number, width in enumerate(_WIDTHS, start=1):
        x = layers.Dense(width, name=f"dense{number}")(x)
        x = layers.BatchNormalization(name=f"dense{number}_bn")(x)
        x = layers.ReLU(name=f"dense{number}_relu")(x)
    return load_keras().Model(inputs, layers.Dense(size, name="rebuilt")(x), name="ad_autoencoder")
