"""Networks of sequences as networks of pictures one wide."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import InputError
from harness.pruning import find_cuts
from harness.pruning.channels.groups import find_groups
from harness.tasks import load_reference, own_task
from harness.tasks.fit import predict
from harness.tasks.framework import load_keras
from harness.tasks.model_file import load_model, save_model

STEPS, CHANNELS = 24, 3


def sensor(*first: Any) -> Any:
    """All kinds of layers that such a network may have."""
    keras = load_keras()
    layers = keras.layers
    inputs = x = keras.Input((STEPS, CHANNELS))
    for layer in first:
        x = layer(x)
    x = layers.Conv1D(8, 5, padding="causal", dilation_rate=2, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(axis=2)(x))
    y = layers.SeparableConv1D(8, 3, padding="same", depth_multiplier=2, activation="relu")(x)
    x = layers.SpatialDropout1D(0.1)(layers.Add()([x, y]))
    x = layers.Cropping1D((1, 0))(layers.ZeroPadding1D((2, 1))(layers.MaxPooling1D(2)(x)))
    x = layers.DepthwiseConv1D(3, strides=2, padding="same", activation="relu")(x)
    x = layers.AveragePooling1D(3, 1, padding="same")(layers.Dense(12, activation="relu")(x))
    x = layers.Reshape((-1, 6))(x)
    x = layers.Dropout(0.1)(layers.GlobalAveragePooling1D()(x))
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x), name="sensor")


def shuffled(model: Any) -> Any:
    """`model` with weights that no two layers share by chance; variances stay above 0."""
    for layer in model.layers:
        layer.set_weights(
            [np.random.default_rng(w.size).uniform(0.1, 0.9, w.shape) for w in layer.get_weights()]
        )
    return model


def samples(count: int = 9) -> Any:
    return np.random.default_rng(1).normal(size=(count, STEPS, CHANNELS)).astype(np.float32)


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_it_gives_the_same_for_pictures_one_wide(tmp_path: Path, ending: str) -> None:
    model, path = shuffled(sensor()), tmp_path / f"sensor.{ending}"
    model.save(path) if ending == "h5" else save_model(model, path)
    pictures = load_model(path)
    assert not [layer.name for layer in pictures.layers if type(layer).__name__.endswith("1D")]
    assert pictures.count_params() == model.count_params()
    np.testing.assert_allclose(predict(pictures, samples()[:, :, None]), predict(model, samples()), rtol=1e-5)


def test_it_can_be_cut_and_thinned(tmp_path: Path) -> None:
    save_model(sensor(), tmp_path / "sensor.keras")
    assert [cut.map_shape for cut in find_cuts(load_model(tmp_path / "sensor.keras"))] == [
        (24, 1, 8),
        (24, 1, 8),
    ]
    keras = load_keras()
    layers = keras.layers
    plain = [
        layers.Conv1D(8, 3, activation="relu"),
        layers.MaxPooling1D(2),
        layers.Conv1D(12, 3, padding="causal", activation="relu"),
        layers.SeparableConv1D(16, 3, activation="relu"),
        layers.GlobalAveragePooling1D(),
        layers.Dense(4),
    ]
    save_model(keras.Sequential([keras.Input((STEPS, CHANNELS)), *plain]), tmp_path / "plain.keras")
    assert len(find_groups(load_model(tmp_path / "plain.keras")).prunable) == 3  # all but input and classes


def test_samples_become_pictures_too(tmp_path: Path) -> None:
    rescaling = load_keras().layers.Rescaling(0.5, [1.0, 0.0, -1.0])
    save_model(shuffled(sensor(rescaling)), tmp_path / "sensor.keras")
    x, y = samples(60), np.arange(60) % 4
    np.savez(tmp_path / "all.npz", x=x, y=y)
    task = own_task(tmp_path / "sensor.keras", tmp_path / "all.npz", tmp_path / "all.npz")
    assert task.input_shape == (STEPS, 1, CHANNELS)
    np.testing.assert_allclose(task.test.x[:, :, 0], x * 0.5 + [1.0, 0.0, -1.0], rtol=1e-6)
    network = load_reference(task, tmp_path / "sensor.keras")
    expected = predict(load_model(tmp_path / "sensor.keras"), x[:, :, None])
    np.testing.assert_allclose(predict(network, task.test.x), expected, rtol=1e-5)


def test_a_flat_input_may_be_shaped_into_a_sequence(tmp_path: Path) -> None:
    keras = load_keras()
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((24,)), layers.Reshape((8, 3)), layers.Conv1D(4, 3), layers.Flatten()]
    )
    save_model(model, tmp_path / "flat.keras")
    x = samples()[:, :8].reshape(-1, 24)
    np.testing.assert_allclose(predict(load_model(tmp_path / "flat.keras"), x), predict(model, x), rtol=1e-5)


def test_a_layer_that_cannot_stand_there_is_named(tmp_path: Path) -> None:
    keras = load_keras()
    layers = [keras.layers.Conv1D(4, 3), keras.layers.LSTM(4, name="memory")]
    save_model(keras.Sequential([keras.Input((8, 2)), *layers]), tmp_path / "lstm.keras")
    with pytest.raises(InputError, match=r"lstm\.keras: layer 'memory' is a LSTM, which cannot"):
        load_model(tmp_path / "lstm.keras")
