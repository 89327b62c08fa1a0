"""The two picture tasks: real archives where they are, small and damaged ones everywhere."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import InputError
from harness.tasks import load_task

VWW, IC = "vww01_test1000_96x96x3.npz", "cifar10_lossless_subset.npz"


def pictures(count: int, side: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), np.uint8)


def write_vww(folder: Path, **changes: Any) -> None:
    arrays = {"x": pictures(50, 96), "y": np.arange(50) % 2, "coco_id": [f"{n:012d}" for n in range(50)]}
    np.savez(folder / VWW, **(arrays | changes))


def test_vww_folds_are_disjoint_balanced_and_complete(tmp_path: Path) -> None:
    write_vww(tmp_path)
    tasks = [load_task("vww", tmp_path, fold) for fold in range(5)]
    assert sorted(name for task in tasks for name in task.test.names) == [f"{n:012d}" for n in range(50)]
    for task in tasks:
        names = [set(split.names) for split in (task.train, task.validation, task.test)]
        assert [len(part) for part in names] == [36, 4, 10]
        assert len(set().union(*names)) == 50
        assert np.bincount(task.test.y).tolist() == [5, 5]


def test_vww_inputs_are_pixels_over_255_and_encode_to_pixels(tmp_path: Path) -> None:
    write_vww(tmp_path)
    task = load_task("vww", tmp_path)
    rows = [int(name) for name in task.test.names]
    encoded = task.test.encode(1 / 255, -128)
    np.testing.assert_array_equal(encoded.view(np.uint8) ^ 0x80, pictures(50, 96)[rows])
    assert task.official is not None and len(task.official) == 50
    assert (task.input_shape, task.quality_target, task.fold) == ((96, 96, 3), 0.80, 0)


def test_energy_runners_files_are_the_official_set(tmp_path: Path) -> None:
    for name, shape in (("vww", (96, 96, 3)), ("ic", (32, 32, 3))):
        folder = tmp_path / f"{name}01"
        folder.mkdir()
        picture = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
        (folder / "a.bin").write_bytes(picture.tobytes())
        (folder / "y_labels.csv").write_text(f"a.bin,{2 if name == 'vww' else 10},1\n")
        task = load_task(name, tmp_path)
        assert task.official is not None and task.official.y.tolist() == [1]
        scale = 1 / 255 if name == "vww" else 1.0
        np.testing.assert_array_equal(task.official.encode(scale, -128)[0].view(np.uint8) ^ 0x80, picture)
        with pytest.raises(InputError, match="is missing: training and testing need it"):
            _ = task.train


@pytest.mark.parametrize(
    "changes",
    [
        {"x": pictures(50, 95)},
        {"x": pictures(50, 96).astype(np.float32)},
        {"y": np.full(50, 2)},
        {"y": np.zeros(49, int)},
    ],
    ids=["size", "type", "class", "count"],
)
def test_wrong_archives_are_refused_by_name(tmp_path: Path, changes: dict[str, Any]) -> None:
    write_vww(tmp_path, **changes)
    with pytest.raises(InputError, match=rf"{VWW} does not hold uint8 images"):
        _ = load_task("vww", tmp_path).train


def test_archives_without_an_array_say_which(tmp_path: Path) -> None:
    np.savez(tmp_path / IC, x_train=pictures(3, 32))
    with pytest.raises(InputError, match="has no array 'y_train'; it has x_train"):
        _ = load_task("ic", tmp_path).train


def write_cifar(folder: Path) -> np.ndarray:
    """The public layout with ten pictures a file; returns the pictures of its first file."""
    folder.mkdir()
    for number, name in enumerate([*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]):
        x = np.random.default_rng(number).integers(0, 256, (10, 3072), np.uint8)
        content = {b"data": x, b"labels": list(range(10)), b"filenames": [b""] * 10}
        (folder / name).write_bytes(pickle.dumps(content, protocol=3))
    return np.random.default_rng(0).integers(0, 256, (10, 3, 32, 32), np.uint8).transpose(0, 2, 3, 1)


def test_cifars_public_layout(tmp_path: Path) -> None:
    first = write_cifar(tmp_path / "cifar-10-batches-py")
    task = load_task("ic", tmp_path)
    assert (len(task.train) + len(task.validation), len(task.test)) == (50, 10)
    # One of each class, drawn by name, is held out.
    assert sorted(task.validation.y.tolist()) == list(range(10))
    everything = dict(
        zip(task.train.names + task.validation.names, [*task.train.x, *task.validation.x], strict=True)
    )
    np.testing.assert_array_equal(everything["train_00003"], first[3])


def test_pickles_that_would_run_code_are_refused(tmp_path: Path) -> None:
    write_cifar(tmp_path / "cifar-10-batches-py")
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(
        InputError, match=r"test_batch is not a batch of CIFAR-10: it asks for (os|posix)\.system"
    ):
        _ = load_task("ic", tmp_path).test


def test_real_pictures(shared_data: Path) -> None:
    vww, ic = load_task("vww", shared_data), load_task("ic", shared_data)
    assert [len(s) for s in (vww.train, vww.validation, vww.test)] == [720, 80, 200]
    assert [len(s) for s in (ic.train, ic.validation, ic.test)] == [7103, 794, 1392]
    assert np.bincount(vww.test.y).tolist() == [100, 100]
    for task, top in ((vww, 1.0), (ic, 255.0)):
        # Calibration meets both ends, so that the input tensor's steps are the pixels'.
        assert (task.calibration.min(), task.calibration.max()) == (0.0, pytest.approx(top))
