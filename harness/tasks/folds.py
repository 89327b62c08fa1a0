"""Folds: the parts of a data set that take turns as the test split."""

import hashlib

import numpy as np
import numpy.typing as npt

from harness.errors import InputError
from harness.tasks.arrays import LabelArray

FOLDS = 5


def check_fold(task: str, fold: int | None) -> int:
    """The fold to test on: 0 where none is asked for.

    Raises:
        InputError: There is no such fold.
    """
    if fold is not None and not 0 <= fold < FOLDS:
        raise InputError(f"task {task!r} has folds 0 to {FOLDS - 1}, not {fold}")
    return fold or 0


def draw(text: str) -> float:
    """A number in [0, 1) that depends on `text` alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64


def stratified_folds(names: list[str], y: LabelArray, count: int = FOLDS) -> npt.NDArray[np.int64]:
    """The fold, int64 `[n]` in `[0, count)`, of each sample: fixed by its name, classes spread evenly.

    Args:
        names: One a sample, all different.
        y: Classes int64 `[n]`.
        count: Number of folds, >= 2.
    """
    places = np.array([draw(name) for name in names])
    folds = np.zeros(len(y), np.int64)
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        folds[rows[np.argsort(places[rows])]] = np.arange(len(rows)) % count
    return folds
