"""Keras models in files, and their identity."""

import hashlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

from harness.config.paths import ensure_writable
from harness.errors import InputError
from harness.tasks.flatten import flattened
from harness.tasks.framework import first_line, load_keras, quiet_stderr


def save_model(model: Any, path: Path) -> None:
    """Write architecture and weights, without optimizer, to `path` (`.keras`), whole or not at all.

    Raises:
        InputError: The folder cannot be made or written to.
    """
    ensure_writable(path.parent)
    unfinished = path.with_name(f".{path.stem}-{os.getpid()}-{uuid4().hex[:8]}.keras")
    try:
        with quiet_stderr():
            load_keras().saving.save_model(model, unfinished, include_optimizer=False)
        os.replace(unfinished, path)
    except OSError as error:
        raise InputError(f"cannot write the model file {path}: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def load_model(path: Path) -> Any:
    """The `keras.Model` in a `.keras` or `.h5` file, as one graph of plain layers.

    Raises:
        InputError: The file is missing, damaged, or needs code that Keras does not have.
    """
    if not path.is_file():
        raise InputError(f"model file {path} does not exist")
    if path.suffix == ".keras" and not zipfile.is_zipfile(path):
        raise InputError(f"{path} is damaged, not a whole .keras archive; save the model again")
    try:
        with quiet_stderr():
            custom = {"DepthwiseConv2D": _old_depthwise()} if path.suffix in (".h5", ".hdf5") else None
            model = flattened(load_keras().saving.load_model(path, compile=False, custom_objects=custom))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except Exception as error:  # Keras raises whatever zip, JSON, HDF5 and its layers raise
        raise InputError(
            f"{path} is not a usable Keras model file (.keras or .h5): {first_line(error)}"
        ) from error
    shape = tuple(getattr(model, "input_shape", None) or ())[1:]
    if None in shape:
        raise InputError(
            f"{path} takes inputs of any size ({', '.join('?' if size is None else str(size) for size in shape)}); "
            "a board needs one: save the model with a keras.Input of fixed shape"
        )
    return model


def _old_depthwise() -> Any:
    """Keras 2 wrote `groups` for this layer, which Keras 3 does not know."""

    parent = load_keras().layers.DepthwiseConv2D

    def start(self: Any, *args: Any, groups: int = 1, **options: Any) -> None:
        parent.__init__(self, *args, **options)

    return type("DepthwiseConv2D", (parent,), {"__init__": start})


def model_fingerprint(model: Any) -> str:
    """SHA-256 (64 hex characters) of the network's layers and weights, whatever its name."""
    digest = hashlib.sha256()
    for layer in model.layers:
        config = layer.get_config() | {"trainable": None}
        digest.update(json.dumps([type(layer).__name__, config], sort_keys=True, default=str).encode())
        for weight in layer.get_weights():
            digest.update(repr((weight.shape, str(weight.dtype))).encode())
            digest.update(weight.tobytes())
    return digest.hexdigest()
