"""The `Rescaling` that a user's network begins with."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.tasks import load_reference, own_task
from harness.tasks.fit import predict
from harness.tasks.framework import load_keras
from harness.tasks.model_config import read_config
from harness.tasks.model_file import save_model
from harness.tasks.rescaling import Rescaling, first_rescaling

SHAPE = (8, 8, 3)


def network(*first: Any) -> Any:
    keras = load_keras()
    layers = keras.layers
    return keras.Sequential(
        [keras.Input(SHAPE), *first, layers.Conv2D(4, 3, activation="relu"), layers.GlobalAveragePooling2D(),
         layers.Dense(3, activation="softmax")]
    )  # fmt: skip


def functional(*first: Any) -> Any:
    keras = load_keras()
    inputs = keras.Input(SHAPE)
    return keras.Model(inputs, network(*first)(inputs))


def rescaling(offset: Any = -1.0) -> Any:
    return load_keras().layers.Rescaling(1 / 127.5, offset)


def flip() -> Any:
    return load_keras().layers.RandomFlip()


@pytest.mark.parametrize(
    ("model", "found", "left"),
    [
        (lambda: network(rescaling()), Rescaling(1 / 127.5, -1.0), 0),
        (lambda: network(flip(), rescaling([-1.0, 0.0, 2.0])), Rescaling(1 / 127.5, (-1.0, 0.0, 2.0)), 0),
        (lambda: functional(flip(), rescaling()), Rescaling(1 / 127.5, -1.0), 0),
        (lambda: network(), None, 0),
        (lambda: network(load_keras().layers.Conv2D(3, 1), rescaling()), None, 1),
    ],
    ids=["first", "after a flip", "in a network", "none", "behind a convolution"],
)
@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_samples_take_its_place(
    tmp_path: Path, model: Any, found: Rescaling | None, left: int, ending: str
) -> None:
    built, path = model(), tmp_path / f"my.{ending}"
    if ending == "h5":
        built.save(path)
    else:
        save_model(built, path)
    assert first_rescaling(read_config(path)) == found
    x = np.random.default_rng(0).integers(0, 256, (60, *SHAPE), np.uint8)
    for part in ("train", "test"):
        np.savez(tmp_path / f"{part}.npz", x=x, y=np.arange(60) % 3)
    task = own_task(path, tmp_path / "train.npz", tmp_path / "test.npz")
    reference = load_reference(task, path)
    kinds = [type(layer).__name__ for layer in reference.layers]
    assert kinds.count("Rescaling") == left
    expected = predict(built, x.astype(np.float32))
    np.testing.assert_allclose(predict(reference, task.test.x), expected, rtol=1e-5, atol=1e-6)


def test_two_readers_of_the_input_are_no_beginning(tmp_path: Path) -> None:
    keras = load_keras()
    inputs = keras.Input(SHAPE)
    both = keras.layers.Concatenate()([rescaling()(inputs), inputs])
    save_model(keras.Model(inputs, both), tmp_path / "my.keras")
    assert first_rescaling(read_config(tmp_path / "my.keras")) is None


def test_a_damaged_file_is_left_to_loading(tmp_path: Path) -> None:
    (tmp_path / "my.keras").write_bytes(b"PK\x03\x04 and no more")
    assert read_config(tmp_path / "my.keras") is None
    assert read_config(tmp_path / "missing.h5") is None
