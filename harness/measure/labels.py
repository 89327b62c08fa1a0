"""Label files: EnergyRunner's `y_labels.csv`, or an array of classes."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import InputError


def read_labels(path: Path) -> npt.NDArray[Any]:
    """Classes alone, int64 `(n,)` from lines as in `y_labels.csv`, or an `.npy` file's array as it is.

    Raises:
        InputError: The file cannot be read.
    """
    if path.suffix == ".npy":
        try:
            found: npt.NDArray[Any] = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise InputError(f"cannot read the labels {path}: {error}") from error
        return found
    return np.array([row.label for row in read_rows(path)], np.int64)


@dataclass(frozen=True)
class LabelRow:
    """A line of `y_labels.csv`: a file, its class, and how windows lie in it, in bytes."""

    file: str
    label: int
    window: int | None
    stride: int | None


def read_rows(path: Path) -> list[LabelRow]:
    """The lines of a label file, in order.

    Raises:
        InputError: The file cannot be read, has no lines, or one of another form.
    """
    try:
        lines = list(csv.reader(path.read_text().splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the labels {path}: {error}") from error
    found = []
    for number, cells in enumerate(lines, start=1):
        numbers = [cell.strip() for cell in cells[1:]]
        whole = len(cells) in (3, 5) and all(cell.isascii() and cell.isdigit() for cell in numbers)
        if not whole or int(numbers[1]) >= int(numbers[0]) or cells[0] != Path(cells[0]).name:
            raise InputError(
                f"{path} line {number}: expected 'file,classes,class' or 'file,classes,class,window,stride', "
                f"found {','.join(cells)!r}"
            )
        window, stride = (int(numbers[2]), int(numbers[3])) if len(numbers) == 4 else (None, None)
        found.append(LabelRow(cells[0], int(numbers[1]), window, stride))
    if not found:
        raise InputError(f"{path} has no labels; expected lines 'file,classes,class'")
    return found
