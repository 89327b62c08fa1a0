"""Channels without weights are taken out of a float network, which computes the same."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.pruning.channels import drop_dead_channels
from harness.pruning.cuts import model_params
from harness.tasks import load_reference, load_task
from harness.tasks.framework import load_keras, seeded

X = np.random.default_rng(2).uniform(-1, 1, (6, 8, 8, 2)).astype(np.float32)


def _network(bias: bool, flatten: bool) -> Any:
    """A 3x3 convolution, a depthwise and a pointwise one, one more 3x3, a dense layer."""
    layers = load_keras().layers
    with seeded(4):
        inputs = layers.Input((8, 8, 2))
        x = layers.Conv2D(8, 3, padding="same", use_bias=bias, name="first")(inputs)
        x = layers.ReLU()(layers.BatchNormalization(name="first_bn")(x))
        x = layers.DepthwiseConv2D(3, padding="same", use_bias=bias)(x)
        x = layers.ReLU()(layers.BatchNormalization(name="depthwise_bn")(x))
        x = layers.Conv2D(12, 1, use_bias=bias, name="pointwise")(x)
        x = layers.ReLU()(layers.BatchNormalization(name="pointwise_bn")(x))
        x = layers.Conv2D(6, 3, strides=2, padding="same", name="last", activation="relu")(x)
        x = layers.Flatten()(x) if flatten else layers.GlobalAveragePooling2D()(x)
        model = load_keras().Model(inputs, layers.Dense(3, activation="softmax")(x))
    random = np.random.default_rng(5)
    for layer in model.layers:
        if "bn" in layer.name:
            layer.set_weights(
                [random.uniform(0.4, 1, w.shape).astype(np.float32) for w in layer.get_weights()]
            )
    return model


def _kill(model: Any, name: str, channels: Sequence[int], after_relu: float) -> None:
    """Take the weights of these channels of layer `name`, whose value becomes `after_relu`."""
    layer = model.get_layer(name)
    weights = [np.array(weight) for weight in layer.get_weights()]
    for weight in weights:
        weight[..., channels] = 0
    layer.set_weights(weights)
    if name == "last":
        layer.bias.assign(np.where(np.isin(np.arange(6), channels), after_relu, np.asarray(layer.bias)))
        return
    norm = model.get_layer(f"{name}_bn")
    gamma, beta, mean, variance = (np.array(weight) for weight in norm.get_weights())
    beta[channels] = after_relu + gamma[channels] * mean[channels] / np.sqrt(
        variance[channels] + norm.epsilon
    )
    norm.set_weights([gamma, beta, mean, variance])


@pytest.mark.parametrize(
    ("bias", "flatten", "first", "pointwise", "last"),
    [
        (False, False, {0, 5}, {11}, {2, 3}),
        (True, True, {7}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {0}),
        (False, True, set(), set(), {1, 2, 3, 4, 5}),
        (True, False, {0, 1, 2, 3, 4, 5, 6}, set(), set()),
        (False, False, set(), set(), set()),
    ],
)
def test_the_same_is_computed_with_fewer_channels(
    bias: bool, flatten: bool, first: set[int], pointwise: set[int], last: set[int]
) -> None:
    model = _network(bias, flatten)
    _kill(model, "first", sorted(first), 0.0)  # 0 in the depthwise layer's padding and before it
    _kill(model, "pointwise", sorted(pointwise), -0.5)
    _kill(model, "last", sorted(last), 0.7)  # goes into the dense layer's bias
    small = drop_dead_channels(model, X)
    np.testing.assert_allclose(small.predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-5)
    if not first | pointwise | last:
        assert small is model
        return
    for name, dead in (("first", first), ("pointwise", pointwise), ("last", last)):
        assert small.get_layer(name).filters == model.get_layer(name).filters - len(dead)


def test_what_differs_at_the_border_stays() -> None:
    model = _network(bias=True, flatten=False)
    _kill(
        model, "first", [1, 3], 0.9
    )  # the depthwise layer's padding is 0: at the border it makes less of it
    _kill(model, "pointwise", [2], 0.4)  # and so does the padded convolution after this
    assert drop_dead_channels(model, X) is model


def test_one_channel_stays() -> None:
    model = _network(bias=False, flatten=False)
    _kill(model, "first", range(8), 0.0)
    small = drop_dead_channels(model, X)
    assert small.get_layer("first").filters == 1
    np.testing.assert_allclose(small.predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-5)


@pytest.mark.slow
def test_person_detection_loses_five_sixths_of_its_weights(shared_data: Path) -> None:
    task = load_task("vww", shared_data, 0)
    model = load_reference(task)
    small = drop_dead_channels(model, task.train.x[:8])
    assert model_params(model) == 221_794
    assert model_params(small) == 34_722
    x = task.test.x[:40]
    np.testing.assert_allclose(small.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-5)
