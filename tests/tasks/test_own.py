"""A task made of the user's own files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import InputError
from harness.tasks import load_reference, own_task
from harness.tasks.fit import predict
from harness.tasks.framework import load_keras


def arrays(count: int = 60, **changes: Any) -> dict[str, Any]:
    x = np.random.default_rng(count).integers(0, 256, (count, 8, 8, 1), np.uint8)
    return {"x": x, "y": np.arange(count) % 3} | changes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.savez(tmp_path / "train.npz", **arrays())
    np.savez(tmp_path / "test.npz", **arrays(30))
    return tmp_path


def task_in(folder: Path, spec: str | None = None) -> Any:
    if spec is not None:
        (folder / "task.toml").write_text(spec)
    return own_task(
        folder / "my.keras",
        folder / "train.npz",
        folder / "test.npz",
        None if spec is None else folder / "task.toml",
    )


def test_a_tenth_of_train_is_held_out_and_test_stays_whole(folder: Path) -> None:
    task = task_in(folder)
    assert [len(split) for split in (task.train, task.validation, task.test)] == [54, 6, 30]
    assert np.bincount(task.validation.y).tolist() == [2, 2, 2]
    assert not {*task.train.names} & {*task.validation.names}
    assert (task.name, task.class_names, task.input_shape) == ("my", ("0", "1", "2"), (8, 8, 1))
    assert task.fingerprint == task_in(folder).fingerprint
    np.testing.assert_array_equal(task.test.x, arrays(30)["x"].astype(np.float32))


def test_spec_names_and_scales(folder: Path) -> None:
    task = task_in(
        folder,
        'name = "parts"\nclasses = ["a", "b", "c", "d"]\nscale = 0.5\nquality_target = 0.9\nmodel_id = "p01"\n'
        "[augmentation]\nflip = true\n",
    )
    assert (task.name, task.class_names, task.quality_target) == ("parts", ("a", "b", "c", "d"), 0.9)
    assert task.augmentation is not None and task.augmentation.flip
    np.testing.assert_array_equal(task.test.x, arrays(30)["x"] * np.float32(0.5))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("classes = [", "not valid TOML"),
        ("colour = 1", "key 'colour'"),
        ("scale = 0", "key 'scale' with value 0"),
        ('classes = ["a", "b"]', "names 2 classes and the labels go up to 2"),
        ("[augmentation]\nshift = 2", "key 'augmentation.shift' with value 2"),
    ],
)
def test_bad_specs_are_refused(folder: Path, spec: str, message: str) -> None:
    with pytest.raises(InputError, match=r"task\.toml") as caught:
        task_in(folder, spec)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y": np.zeros(59, int)}, "one class number from 0 for each of the 60 samples"),
        ({"y": np.full(60, -1)}, "one class number"),
        ({"y": np.zeros(60)}, "one class number"),
        ({"x": np.full((60, 8), "a")}, "x must be real numbers"),
        ({"x": np.full((60, 8, 8, 1), np.nan)}, "not finite"),
        ({"x": np.zeros((60, 8, 7, 1))}, r"samples of shape \[8, 7, 1\]"),
        ({"x": np.zeros((2, 8, 8, 1)), "y": np.array([0, 1])}, "some ten of each class"),
    ],
)
def test_bad_samples_are_refused(folder: Path, changes: dict[str, Any], message: str) -> None:
    np.savez(folder / "train.npz", **arrays(**changes))
    with pytest.raises(InputError, match=message):
        task_in(folder)


def test_files_that_are_no_archives_are_refused(folder: Path) -> None:
    np.savez(folder / "test.npz", pictures=np.zeros(3))
    with pytest.raises(InputError, match="has no array x or x_test; it has pictures"):
        task_in(folder)
    np.save(folder / "one.npy", np.zeros(3))
    (folder / "one.npy").rename(folder / "test.npz")
    with pytest.raises(InputError, match=r"test\.npz is damaged: it holds one array"):
        task_in(folder)
    (folder / "test.npz").unlink()
    with pytest.raises(InputError, match=r"test\.npz is missing"):
        task_in(folder)


def network(last: str | None) -> Any:
    layers = load_keras().layers
    inputs = layers.Input((8, 8, 1))
    x = layers.Conv2D(4, 3, activation="relu")(inputs)
    return load_keras().Model(inputs, layers.Dense(3, activation=last)(layers.Flatten()(x)))


def test_logits_become_probabilities_and_other_ends_are_refused(folder: Path) -> None:
    task, path = task_in(folder), folder / "my.keras"
    model = network(None)
    model.save(path)
    found = predict(load_reference(task, path), task.test.x)
    logits = predict(model, task.test.x)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(found.argmax(axis=1), logits.argmax(axis=1))
    network("sigmoid").save(path)
    with pytest.raises(InputError, match="ends in sigmoid; one output a class is needed"):
        load_reference(task, path)


def test_old_h5_models_load(shared_data: Path) -> None:
    from harness.tasks.model_file import load_model

    assert load_model(shared_data / "models" / "vww_96.h5").count_params() == 221_794
