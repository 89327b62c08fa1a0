"""Networks as one graph of plain layers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.pruning import find_cuts, overview
from harness.pruning.channels.groups import find_groups
from harness.tasks.fit import predict
from harness.tasks.flatten import flattened
from harness.tasks.framework import load_keras
from harness.tasks.model_file import load_model, save_model

SHAPE = (12, 12, 3)


def backbone(name: str = "backbone") -> Any:
    keras = load_keras()
    layers = keras.layers
    inputs = keras.Input(SHAPE)
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="conv")(inputs)
    x = layers.ReLU()(layers.BatchNormalization(name="norm")(x))
    y = layers.SeparableConv2D(8, 3, padding="same", activation="relu", name="separable")(x)
    return keras.Model(inputs, layers.Add()([x, y]), name=name)


def transfer() -> Any:
    """A network in a network in a network, whose layers' names clash."""
    keras = load_keras()
    inner = keras.Sequential([keras.Input(SHAPE), backbone()], name="inner")
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            keras.layers.RandomFlip(),
            keras.layers.Conv2D(3, 3, padding="same", activation="relu", name="conv"),
            inner,
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(4, activation="softmax"),
        ],
        name="whole",
    )


def shared() -> Any:
    """One layer, and one network, used twice."""
    keras = load_keras()
    inputs = keras.Input(SHAPE)
    twice = keras.layers.SeparableConv2D(3, 3, padding="same", depth_multiplier=2, dilation_rate=2)
    network = keras.Sequential([keras.Input(SHAPE), keras.layers.Conv2D(3, 1, activation="relu")])
    x = network(twice(network(twice(inputs))))
    return keras.Model(inputs, keras.layers.Dense(4)(keras.layers.Flatten()(x)))


@pytest.mark.parametrize("make", [transfer, shared])
def test_a_flat_network_gives_the_same(make: Any, tmp_path: Path) -> None:
    keras = load_keras()
    keras.utils.set_random_seed(3)
    model = make()
    for layer in model.layers:  # weights that no two layers share by chance
        layer.set_weights([np.random.default_rng(w.size).normal(0, 0.3, w.shape) if w.dtype.kind == "f" else w
                           for w in layer.get_weights()])  # fmt: skip
    x = np.random.default_rng(1).normal(size=(7, *SHAPE)).astype(np.float32)
    save_model(model, tmp_path / "model.keras")
    flat = load_model(tmp_path / "model.keras")
    kinds = [type(layer).__name__ for layer in flat.layers]
    assert not {"Functional", "Sequential", "SeparableConv2D"} & {*kinds}
    assert flat.count_params() == model.count_params()
    np.testing.assert_allclose(predict(flat, x), predict(model, x), rtol=1e-5, atol=1e-6)


def test_a_layer_used_twice_stays_one() -> None:
    flat = flattened(shared())
    kinds = [type(layer).__name__ for layer in flat.layers]
    assert kinds.count("DepthwiseConv2D") == 1 and kinds.count("Conv2D") == 2


def test_what_is_plain_stays_as_it_is() -> None:
    keras = load_keras()
    plain = keras.Sequential([keras.Input(SHAPE), keras.layers.Conv2D(4, 3), keras.layers.Flatten()])
    unbuilt = keras.Sequential([keras.layers.SeparableConv2D(4, 3)])
    assert flattened(plain) is plain and flattened(unbuilt) is unbuilt


def test_it_can_be_cut_and_thinned_within() -> None:
    flat = flattened(transfer())
    assert [cut.map_shape for cut in find_cuts(flat)] == [(12, 12, 3), (6, 6, 8), (6, 6, 8)]
    products = 144 * 27 * 3 + 36 * 27 * 8 + 36 * 9 * 8 + 36 * 8 * 8 + 8 * 4
    assert overview(flat, ("gap",))[0].macs == products
    assert len(find_groups(flat).prunable) == 2  # all but input and classes
