"""Reference networks: the pretrained one, the one trained here, the user's own."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import InputError
from harness.tasks import load_reference, load_task, reference_key
from harness.tasks.dscnn import Block, DsCnn, build_ds_cnn
from harness.tasks.fit import accuracy, predict
from harness.tasks.framework import load_keras
from harness.tasks.model_file import load_model, model_fingerprint, save_model


def small_model(classes: int = 10) -> Any:
    return build_ds_cnn(DsCnn("small", (8, 8, 1), (3, 3), 1, 4, (Block(4),)), classes)


def test_digits_reference_is_accurate(digits_reference: Any) -> None:
    test = load_task("digits").test
    assert accuracy(digits_reference, test.x, test.y) > 0.97


def test_a_damaged_cache_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainings = []

    def train(task: Any) -> Any:
        trainings.append(task.name)
        return small_model()

    monkeypatch.setenv("HARNESS_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("harness.tasks.reference.train_digits_reference", train)
    first = load_reference(load_task("digits"))
    assert model_fingerprint(load_reference(load_task("digits"))) == model_fingerprint(first)
    assert trainings == ["digits"]
    (stored,) = (tmp_path / "references").iterdir()
    stored.write_bytes(stored.read_bytes()[:100])
    load_reference(load_task("digits"))
    load_reference(load_task("digits"))
    assert trainings == ["digits"] * 2


def test_own_model_files_are_checked(tmp_path: Path) -> None:
    task = load_task("digits")
    save_model(small_model(), tmp_path / "own.keras")
    assert load_reference(task, tmp_path / "own.keras").name == "small"
    save_model(small_model(classes=3), tmp_path / "three.keras")
    with pytest.raises(
        InputError, match=r"three\.keras maps \[8, 8, 1\] to \[3\].* needs \[8, 8, 1\] to \[10\]"
    ):
        load_reference(task, tmp_path / "three.keras")
    for name, why in (("text.keras", "damaged, not a whole"), ("text.h5", "not a usable Keras model")):
        (tmp_path / name).write_text("hello")
        with pytest.raises(InputError, match=f"{name} is {why}"):
            load_reference(task, tmp_path / name)
    layers = load_keras().layers
    anysize = [layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Dense(10)]
    save_model(load_keras().Sequential([layers.Input((None, None, 1)), *anysize]), tmp_path / "any.keras")
    with pytest.raises(InputError, match=r"any\.keras takes inputs of any size \(\?, \?, 1\)"):
        load_reference(task, tmp_path / "any.keras")
    with pytest.raises(InputError, match="does not exist"):
        load_reference(task, tmp_path / "none.keras")
    with pytest.raises(InputError, match="is a folder"):
        load_reference(task, tmp_path)


def test_saving_and_loading_keeps_the_function_and_the_fingerprint(tmp_path: Path) -> None:
    model, x = small_model(), np.random.default_rng(0).random((5, 8, 8, 1), np.float32)
    save_model(model, tmp_path / "deep" / "model.keras")
    loaded = load_model(tmp_path / "deep" / "model.keras")
    np.testing.assert_array_equal(predict(loaded, x), predict(model, x))
    assert model_fingerprint(loaded) == model_fingerprint(model)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["model.keras"]
    loaded.layers[-1].set_weights([weight + 1 for weight in loaded.layers[-1].get_weights()])
    assert model_fingerprint(loaded) != model_fingerprint(model)


def test_kws_reference_has_the_published_accuracy(shared_data: Path) -> None:
    task = load_task("kws", shared_data / "kws")
    model = load_reference(task)
    splits = (task.train, task.validation, task.test)
    right = sum(accuracy(model, split.x, split.y) * len(split) for split in splits)
    assert 0.915 < right / 4890 < 0.930
    assert task.official is not None
    assert accuracy(model, task.official.x, task.official.y) > 0.90


def test_kws_reference_is_found_from_either_folder_or_named(shared_data: Path, tmp_path: Path) -> None:
    saved_model = shared_data / "models" / "kws_ref_model"
    lone = tmp_path / "data"
    (lone / "kws01").mkdir(parents=True)
    prints = {
        model_fingerprint(load_reference(load_task("kws", shared_data / "kws"))),
        model_fingerprint(load_reference(load_task("kws", shared_data))),
        model_fingerprint(load_reference(load_task("kws", lone), saved_model)),
    }
    assert len(prints) == 1


def test_kws_reference_errors_say_what_is_expected_where(tmp_path: Path) -> None:
    (tmp_path / "kws01").mkdir()
    task = load_task("kws", tmp_path)
    with pytest.raises(InputError, match=r"models/kws_ref_model.* or name it"):
        load_reference(task)
    folder = tmp_path / "models" / "kws_ref_model"
    (folder / "variables").mkdir(parents=True)
    with pytest.raises(InputError, match=r"has no variables/variables\.index"):
        load_reference(task)
    (folder / "variables" / "variables.index").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="does not hold the weights"):
        load_reference(task)


def test_damaged_kws_weights_are_refused(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "kws01").mkdir()
    folder = tmp_path / "kws_ref_model"
    shutil.copytree(shared_data / "models" / "kws_ref_model", folder, copy_function=shutil.copyfile)
    weights = folder / "variables" / "variables.data-00000-of-00001"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(InputError, match="does not hold the weights"):
        load_reference(load_task("kws", tmp_path), folder)


def test_reference_key_follows_the_file_that_is_loaded(tmp_path: Path) -> None:
    task, own = load_task("digits"), tmp_path / "own.keras"
    own.write_bytes(b"one")
    keys = [reference_key(task), reference_key(task), reference_key(task, own)]
    own.write_bytes(b"two")
    keys.append(reference_key(task, own))
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    with pytest.raises(InputError, match=r"cannot read the reference model .*none\.keras"):
        reference_key(task, tmp_path / "none.keras")


def test_kws_reference_key_follows_the_weights(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "kws01").mkdir()
    task, folder = load_task("kws", tmp_path), tmp_path / "kws_ref_model"
    shutil.copytree(shared_data / "models" / "kws_ref_model", folder, copy_function=shutil.copyfile)
    keys = {reference_key(task, folder), reference_key(load_task("kws", shared_data))}
    assert len(keys) == 1
    weights = folder / "variables" / "variables.data-00000-of-00001"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert reference_key(task, folder) not in keys


@pytest.mark.parametrize(("name", "least"), [("vww", 0.84), ("ic", 0.86)])
def test_published_picture_networks_keep_their_accuracy(shared_data: Path, name: str, least: float) -> None:
    task = load_task(name, shared_data)
    split = task.test if name == "ic" else task.official
    assert split is not None
    assert accuracy(load_reference(task), split.x, split.y) > least


@pytest.mark.parametrize("name", ["vww", "ic", "ad"])
def test_another_networks_weights_are_refused(shared_data: Path, tmp_path: Path, name: str) -> None:
    for kind in ("vww", "ic", "ad"):
        (tmp_path / f"{kind}01").mkdir()
    files = {"vww": "vww_96.h5", "ic": "pretrainedResnet.h5", "ad": "ad01.h5"}
    wrong = tmp_path / files[name]
    shutil.copyfile(shared_data / "models" / files["ic" if name == "vww" else "vww"], wrong)
    with pytest.raises(InputError, match=r"does not hold the weights of \w+: it has"):
        load_reference(load_task(name, tmp_path), wrong)
    wrong.write_bytes(b"nonsense")
    with pytest.raises(InputError, match="does not hold the weights"):
        load_reference(load_task(name, tmp_path), wrong)
