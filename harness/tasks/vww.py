"""Visual wake words of MLPerf Tiny: whether a 96x96 picture shows a person.

Data folder (or its subfolder `vww`), either or both:

- `vww01_test1000_96x96x3.npz`: the official 1,000 test pictures as arrays.
- `vww01/`: EnergyRunner's form of them, `*.bin` of 27,648 uint8, and `y_labels.csv` with lines `file,2,class`.

These pictures are a test set and there is no other here. Training on them is by k-fold: five folds, classes
spread evenly, fixed by the pictures' COCO numbers; one (0 unless another is asked for) is the test split, a tenth of
the others the validation split. A figure is one of the whole set only when all five folds were taken in turn. The
reference network has seen none of the 1,000.
"""

from functools import partial
from pathlib import Path

import numpy as np

from harness.tasks.archive import check_images, read_arrays
from harness.tasks.augment import Augmentation
from harness.tasks.folder import task_folder
from harness.tasks.folds import check_fold, stratified_folds
from harness.tasks.official import read_official
from harness.tasks.task import Split, Splits, Task

CLASS_NAMES = ("non_person", "person")
INPUT_SHAPE = (96, 96, 3)
PIXEL_SCALE = np.float32(1 / 255)

_PICTURES_FILE = "vww01_test1000_96x96x3.npz"
_VALIDATION_PARTS = 10


def vww_task(data_dir: Path | None, fold: int | None = None) -> Task:
    """The person-detection task over the data in `data_dir`; inputs are pixels / 255.

    Args:
        data_dir: Folder with the data.
        fold: Part to test on, 0 (the default) to 4.

    Raises:
        InputError: `data_dir` is None, missing, or holds none of the task's data, or there is no such fold.
    """
    test_fold = check_fold("vww", fold)
    folder = task_folder(data_dir, "vww", (_PICTURES_FILE, "vww01/"))
    return Task(
        name="vww",
        model_id="vww01",
        class_names=CLASS_NAMES,
        input_shape=INPUT_SHAPE,
        quality_target=0.80,
        data_dir=folder,
        read_splits=partial(_read_splits, folder / _PICTURES_FILE, test_fold),
        read_official=partial(_read_official, folder),
        fold=test_fold,
        augmentation=Augmentation(rotation_deg=10, shift=0.05, zoom=0.1, flip=True),
    )


def _read_official(folder: Path) -> Split:
    """The 1,000 pictures, from EnergyRunner's files where they are, else from the archive."""
    if (folder / "vww01").is_dir():
        names, pixels, labels = read_official(folder / "vww01", INPUT_SHAPE, len(CLASS_NAMES), np.uint8)
        return Split(names, pixels.astype(np.float32) * PIXEL_SCALE, labels)
    return _read_pictures(folder / _PICTURES_FILE)


def _read_splits(path: Path, test_fold: int) -> Splits:
    pictures = _read_pictures(path)
    in_test = stratified_folds(pictures.names, pictures.y) == test_fold
    rest = pictures.take(np.flatnonzero(~in_test))
    held_out = stratified_folds(rest.names, rest.y, _VALIDATION_PARTS) == 0
    return Splits(
        rest.take(np.flatnonzero(~held_out)),
        rest.take(np.flatnonzero(held_out)),
        pictures.take(np.flatnonzero(in_test)),
    )


def _read_pictures(path: Path) -> Split:
    arrays = read_arrays(path, ("x", "y", "coco_id"))
    check_images(path, arrays["x"], arrays["y"], INPUT_SHAPE, len(CLASS_NAMES))
    return Split(
        [str(name) for name in arrays["coco_id"]],
        arrays["x"].astype(np.float32) * PIXEL_SCALE,
        arrays["y"].astype(np.int64),
    )
