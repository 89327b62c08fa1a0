"""Arrays in `.npz` files, read with the user's mistakes in mind."""

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from harness.errors import InputError


def read_arrays(path: Path, keys: tuple[str, ...]) -> dict[str, npt.NDArray[Any]]:
    """The arrays called `keys` in an `.npz` file.

    Raises:
        InputError: The file is missing or damaged, or has no such array.
    """
    return _read(path, keys)


def read_any(path: Path) -> dict[str, npt.NDArray[Any]]:
    """All arrays in an `.npz` file.

    Raises:
        InputError: The file is missing or damaged.
    """
    return _read(path, None)


def _read(path: Path, keys: tuple[str, ...] | None) -> dict[str, npt.NDArray[Any]]:
    try:
        # Opened here: numpy leaves the file open when it turns out not to be an archive.
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("it holds one array, not an archive of them")
            keys = tuple(archive) if keys is None else keys
            missing = [key for key in keys if key not in archive]
            if missing:
                raise InputError(
                    f"{path} has no array {missing[0]!r}; it has {', '.join(archive)}, "
                    f"and {', '.join(keys)} are read"
                )
            return {key: archive[key] for key in keys}
    except FileNotFoundError as error:
        raise InputError(f"{path} is missing: training and testing need it") from error
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise InputError(f"{path} is damaged: {error}; fetch it again") from error


def check_images(
    path: Path, x: npt.NDArray[Any], y: npt.NDArray[Any], shape: tuple[int, ...], classes: int
) -> None:
    """Make sure that `x` is uint8 `[n, *shape]`, n >= 1, and `y` are n classes.

    Raises:
        InputError: They are not.
    """
    fits = (
        x.dtype == np.uint8
        and x.shape[1:] == shape
        and len(x) > 0
        and y.shape == (len(x),)
        and np.issubdtype(y.dtype, np.integer)
        and y.min() >= 0
        and y.max() < classes
    )
    if not fits:
        raise InputError(
            f"{path} does not hold uint8 images of shape {['n', *shape]} with classes below {classes}, "
            f"but {x.dtype} {list(x.shape)} with labels {y.dtype} {list(y.shape)}: fetch it again"
        )
