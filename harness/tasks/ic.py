"""Image classification of MLPerf Tiny: one of ten kinds of things in a 32x32 picture (CIFAR-10).

Data folder (or its subfolder `ic`), any of:

- `cifar-10-batches-py/`: the public original, 50,000 training and 10,000 test pictures.
- `cifar10_lossless_subset.npz`: some of them: `x_train`, `y_train`, `idx_train` and the same for `test`.
- `ic01/`: EnergyRunner's 200 test inputs, `*.bin` of 3,072 uint8, and `y_labels.csv` with lines `file,10,class`.

A tenth of the training pictures is the validation split. The reference network was fitted to the training pictures, so
that its own accuracy on the training and validation splits says nothing; the test split is new to it.
"""

import pickle
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import InputError
from harness.tasks.archive import check_images, read_arrays
from harness.tasks.augment import Augmentation
from harness.tasks.folder import task_folder
from harness.tasks.folds import stratified_folds
from harness.tasks.official import read_official
from harness.tasks.task import Split, Splits, Task

CLASS_NAMES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
INPUT_SHAPE = (32, 32, 3)

_ORIGINAL_FOLDER = "cifar-10-batches-py"
_SUBSET_FILE = "cifar10_lossless_subset.npz"
_VALIDATION_PARTS = 10
_Part = tuple[list[str], npt.NDArray[Any], npt.NDArray[Any]]


def ic_task(data_dir: Path | None) -> Task:
    """The image-classification task over the data in `data_dir`; inputs are pixels as they are, 0 to 255.

    Raises:
        InputError: `data_dir` is None, missing, or holds none of the task's data.
    """
    folder = task_folder(data_dir, "ic", (f"{_ORIGINAL_FOLDER}/", _SUBSET_FILE, "ic01/"))
    return Task(
        name="ic",
        model_id="ic01",
        class_names=CLASS_NAMES,
        input_shape=INPUT_SHAPE,
        quality_target=0.85,
        data_dir=folder,
        read_splits=partial(_read_splits, folder),
        read_official=partial(_read_official, folder / "ic01") if (folder / "ic01").is_dir() else None,
        augmentation=Augmentation(shift=0.1, flip=True),
    )


def _read_official(folder: Path) -> Split:
    names, pixels, labels = read_official(folder, INPUT_SHAPE, len(CLASS_NAMES), np.uint8)
    return Split(names, pixels.astype(np.float32), labels)


def _read_splits(folder: Path) -> Splits:
    if (folder / _ORIGINAL_FOLDER).is_dir():
        train, test = _read_original(folder / _ORIGINAL_FOLDER)
    else:
        train, test = _read_subset(folder / _SUBSET_FILE)
    everything = _split(*train)
    held_out = stratified_folds(everything.names, everything.y, _VALIDATION_PARTS) == 0
    return Splits(
        everything.take(np.flatnonzero(~held_out)), everything.take(np.flatnonzero(held_out)), _split(*test)
    )


def _split(names: list[str], pixels: npt.NDArray[Any], labels: npt.NDArray[Any]) -> Split:
    return Split(names, pixels.astype(np.float32), labels.astype(np.int64))


def _read_subset(path: Path) -> tuple[_Part, _Part]:
    arrays = read_arrays(
        path, tuple(f"{kind}_{part}" for part in ("train", "test") for kind in ("x", "y", "idx"))
    )
    parts = []
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        check_images(path, x, y, INPUT_SHAPE, len(CLASS_NAMES))
        names = [f"{part}_{number:05d}" for number in arrays[f"idx_{part}"]]
        parts.append((names, x, y))
    return parts[0], parts[1]


def _read_original(folder: Path) -> tuple[_Part, _Part]:
    train = [_read_batch(folder / f"data_batch_{number}") for number in range(1, 6)]
    pixels, labels = (np.concatenate([batch[side] for batch in train]) for side in (0, 1))
    test_pixels, test_labels = _read_batch(folder / "test_batch")
    return (
        ([f"train_{row:05d}" for row in range(len(labels))], pixels, labels),
        ([f"test_{row:05d}" for row in range(len(test_labels))], test_pixels, test_labels),
    )


_NEEDED = {("numpy", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")}


class _ArraysOnly(pickle.Unpickler):
    """CIFAR-10 comes pickled; nothing but arrays may be made from it."""

    def find_class(self, module: str, name: str) -> Any:
        if (module.split(".")[0], name) in _NEEDED:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def _read_batch(path: Path) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Pixels uint8 `[n, 32, 32, 3]` and classes of one file of the original."""
    try:
        with path.open("rb") as file:
            batch = _ArraysOnly(file, encoding="bytes").load()
        planes, labels = np.asarray(batch[b"data"]), np.asarray(batch[b"labels"])
        pixels = planes.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    except FileNotFoundError as error:
        raise InputError(f"{path} is missing: fetch it again") from error
    except (OSError, pickle.UnpicklingError, EOFError, KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(f"{path} is not a batch of CIFAR-10: {error}; fetch it again") from error
    check_images(path, pixels, labels, INPUT_SHAPE, len(CLASS_NAMES))
    return pixels, labels
