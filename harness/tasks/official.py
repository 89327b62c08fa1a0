"""Official accuracy sets in EnergyRunner's layout: a folder of `.bin` files and their `y_labels.csv`."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import InputError
from harness.tasks.arrays import LabelArray

LABELS_FILE = "y_labels.csv"


def read_official(
    folder: Path, shape: tuple[int, ...], class_count: int, dtype: type[np.generic]
) -> tuple[list[str], npt.NDArray[Any], LabelArray]:
    """The files named in the folder's label file, in its order; lines there are `file,classes,class`.

    Args:
        folder: With `*.bin` and `y_labels.csv`.
        shape: Of one sample.
        class_count: Number of classes that every line must state.
        dtype: Of the values in a file: `np.int8` for features, `np.uint8` for pixels.

    Returns:
        File names, values `[n, *shape]` of `dtype`, and classes int64 `[n]`.

    Raises:
        InputError: A file is missing, of another size, or a line is not as expected.
    """
    names, labels = read_labels(folder, class_count)
    return names, np.stack([_read_bin(folder / name, shape, dtype) for name in names]), labels


def read_labels(folder: Path, class_count: int, window: tuple[str, ...] = ()) -> tuple[list[str], LabelArray]:
    """File names and classes int64 `[n]` in the folder's label file, in its order.

    Args:
        folder: With `y_labels.csv`.
        class_count: Number of classes that every line must state.
        window: What follows the class in every line, if anything does.

    Raises:
        InputError: The label file is missing or empty, or a line is not as expected.
    """
    path = folder / LABELS_FILE
    try:
        rows = list(csv.reader(path.read_text().splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}, the labels of the official set: {error}") from error
    line = ",".join(("file", str(class_count), "class", *window))
    if not rows:
        raise InputError(f"{path} is empty: expected lines '{line}'")
    for number, row in enumerate(rows, start=1):
        if not _is_label(row, class_count, window):
            raise InputError(
                f"{path} line {number}: expected '{line}' with a class below {class_count}, "
                f"found {','.join(row)!r}"
            )
    return [row[0] for row in rows], np.array([int(row[2]) for row in rows], np.int64)


def listed_files(path: Path) -> list[str]:
    """Names of the files in a label file.

    Raises:
        InputError: It cannot be read, or names something outside its folder.
    """
    try:
        names = [row[0] for row in csv.reader(path.read_text().splitlines()) if row]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}, the labels of the official set: {error}") from error
    strange = [name for name in names if name != Path(name).name or name in ("", ".", "..")]
    if strange or not names:
        raise InputError(
            f"{path} is not a label file: it names {strange[0]!r}" if strange else f"{path} is empty"
        )
    return names


def _is_label(row: list[str], class_count: int, window: tuple[str, ...]) -> bool:
    return (
        len(row) == 3 + len(window)
        and row[0] == Path(row[0]).name
        and row[1] == str(class_count)
        and row[2].isascii()
        and row[2].isdigit()
        and int(row[2]) < class_count
        and tuple(row[3:]) == window
    )


def _read_bin(path: Path, shape: tuple[int, ...], dtype: type[np.generic]) -> npt.NDArray[Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the sample {path} named in {LABELS_FILE}: {error.strerror}") from error
    if len(content) != np.prod(shape):
        raise InputError(f"{path} has {len(content)} bytes, a sample has {np.prod(shape)}")
    return np.frombuffer(content, dtype).reshape(shape)
