"""Labelled samples that the user brings: an `.npz` file, or a folder in EnergyRunner's layout."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from harness.errors import InputError
from harness.measure.labels import LabelRow, read_labels, read_rows

_LABELS_FILE = "y_labels.csv"
_X_KEYS, _Y_KEYS = ("x", "x_test"), ("y", "y_test")
_SHOWN = 3


@dataclass(frozen=True, eq=False)
class GivenSamples:
    """Labelled samples.

    Attributes:
        names: One name a sample.
        x: Samples, shape `(n, ...)`: float32 real values, uint8 pixels, or int8 as the tensor has them.
        y: Their classes, int64 `(n,)`.
        files: For samples that are windows of a file, the number of the file, int64 `(n,)`, ascending from 0.
    """

    names: list[str]
    x: npt.NDArray[Any]
    y: npt.NDArray[np.int64]
    files: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (64 hex characters) of names, samples and labels."""
        digest = hashlib.sha256(repr((self.names, self.x.shape, str(self.x.dtype))).encode())
        digest.update(np.ascontiguousarray(self.x).tobytes() + np.ascontiguousarray(self.y).tobytes())
        return digest.hexdigest()

    def encode(self, scale: float, zero_point: int) -> npt.NDArray[np.int8]:
        """The samples as an input tensor of this quantisation takes them: int8, shape of `x`."""
        if self.x.dtype == np.int8:
            return self.x
        if self.x.dtype == np.uint8:
            return (self.x ^ 0x80).view(np.int8)
        steps = np.round(self.x / np.float32(scale) + np.float32(zero_point))
        return np.clip(steps, -128, 127).astype(np.int8)

    def take(self, rows: npt.NDArray[np.intp]) -> "GivenSamples":
        """The samples at `rows` (indices, int, shape `[m]`), in that order."""
        files = None if self.files is None else self.files[rows]
        return GivenSamples([self.names[row] for row in rows], self.x[rows], self.y[rows], files)


def read_samples(path: Path, shape: tuple[int, ...], labels: Path | None = None) -> GivenSamples:
    """Read samples and labels, and make sure that they agree before a board is asked anything.

    Args:
        path: An `.npz` file with `x` and `y` (or `x_test`, `y_test`; `names` if there are any), or a folder of
            files named in its `y_labels.csv` (`file,classes,class`, for windows of float32 `,window,stride` in bytes).
        shape: Of the model's input, without the batch axis.
        labels: A label file in place of the `.npz` file's labels or the folder's own: lines as in `y_labels.csv`,
            or an `.npy` file of classes.

    Raises:
        InputError: Something is missing or damaged, or files and labels do not agree.
    """
    if path.is_dir():
        return _read_folder(path, shape, labels or path / _LABELS_FILE)
    return _read_archive(path, shape, labels)


def _read_archive(path: Path, shape: tuple[int, ...], labels: Path | None) -> GivenSamples:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            x = _first(archive, _X_KEYS, path)
            y = read_labels(labels) if labels else _first(archive, _Y_KEYS, path)
            names = [str(name) for name in archive["names"]] if "names" in archive else None
    except FileNotFoundError as error:
        raise InputError(
            f"no samples at {path}; give an .npz file or a folder with {_LABELS_FILE}"
        ) from error
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise InputError(f"{path} cannot be read as an .npz file: {error}") from error
    if x.dtype not in (np.uint8, np.int8):
        x = x.astype(np.float32)
    if len(x) == 0 or x[0].size != np.prod(shape):
        raise InputError(f"{path} has samples of shape {list(x.shape[1:])} and the model takes {list(shape)}")
    names = names or [f"{path.stem}_{row:06d}" for row in range(len(x))]
    if not len(x) == len(y) == len(names) or y.ndim != 1 or not np.issubdtype(y.dtype, np.integer):
        raise InputError(
            f"{path} has {len(x)} samples, {len(y)} labels and {len(names)} names; one of each is due"
        )
    return GivenSamples(names, x.reshape(len(x), *shape), y.astype(np.int64))


def _first(archive: Any, keys: tuple[str, ...], path: Path) -> npt.NDArray[Any]:
    for key in keys:
        if key in archive:
            found: npt.NDArray[Any] = archive[key]
            return found
    raise InputError(f"{path} has no array {' or '.join(keys)}; it has {', '.join(archive)}")


def _read_folder(folder: Path, shape: tuple[int, ...], labels: Path) -> GivenSamples:
    rows = read_rows(labels)
    named = [row.file for row in rows]
    _agree(
        labels,
        "named twice",
        sorted({name for name in named if named.count(name) > 1}) if len(set(named)) < len(named) else [],
    )
    _agree(labels, "named and not there", [name for name in named if not (folder / name).is_file()])
    there = {path.name for path in folder.glob("*.bin")}
    _agree(labels, "there without a label", sorted(there - set(named)))
    names, x, y, files = [], [], [], []
    for number, row in enumerate(rows):
        windows = _windows(folder / row.file, row, shape)
        x.append(windows)
        y += [row.label] * len(windows)
        files += [number] * len(windows)
        names += (
            [row.file] if row.window is None else [f"{row.file}#{index}" for index in range(len(windows))]
        )
    windowed = any(row.window is not None for row in rows)
    return GivenSamples(
        names,
        np.concatenate(x),
        np.array(y, np.int64),
        np.array(files, np.int64) if windowed else None,
    )


def _agree(labels: Path, what: str, names: list[str]) -> None:
    if names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        raise InputError(
            f"{labels}: files {what}: {', '.join(names[:_SHOWN])}{more}; make files and labels agree"
        )


def _windows(path: Path, row: LabelRow, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Samples of one file: itself, or its windows of float32."""
    content = path.read_bytes()
    size = int(np.prod(shape))
    if row.window is None:
        if len(content) != size:
            raise InputError(f"{path} has {len(content)} bytes and the model takes {size}")
        # Pictures are files of unsigned pixels, features of signed numbers; only pictures have colours.
        dtype = np.uint8 if len(shape) == 3 and shape[-1] == 3 else np.int8
        return np.frombuffer(content, dtype).reshape(1, *shape)
    assert row.stride is not None
    if (
        row.window != 4 * size
        or row.stride < 4
        or row.stride % 4
        or len(content) < row.window
        or len(content) % 4
    ):
        raise InputError(
            f"{path}: windows of {row.window} bytes every {row.stride} do not give the {size} float32 "
            f"that the model takes from {len(content)} bytes"
        )
    values = np.frombuffer(content, "<f4")
    windows = np.lib.stride_tricks.sliding_window_view(values, size)[:: row.stride // 4]
    return windows.reshape(-1, *shape)
