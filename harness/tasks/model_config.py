"""The layers of a Keras model file, read without TensorFlow."""

import json
import zipfile
from pathlib import Path
from typing import Any

Config = dict[str, Any]


def read_config(path: Path) -> Config | None:
    """The network in a `.keras` or `.h5` file as Keras writes it, `class_name` and `config`.

    None for what cannot be read so; a damaged file is left to `load_model` to tell.
    """
    try:
        text = _read_archive(path) if path.suffix == ".keras" else _read_hdf5(path)
        found: Config | None = None if text is None else json.loads(text)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError):
        return None
    return found


def _read_archive(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read("config.json")


def _read_hdf5(path: Path) -> Any:
    import h5py  # comes with Keras

    with h5py.File(path, "r") as file:
        return file.attrs.get("model_config")
