"""Keras models in files, and their identity."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

from harness.config.paths import ensure_writable
from harness.errors import InputError
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
    """The `keras.Model` in a `.keras` file, ready for inference.

    Raises:
        InputError: The file is missing, damaged, or needs code that Keras does not have.
    """
    if not path.is_file():
        raise InputError(f"model file {path} does not exist")
    try:
        with quiet_stderr():
            return load_keras().saving.load_model(path, compile=False)
    except Exception as error:  # Keras raises whatever zip, JSON, HDF5 and its layers raise
        raise InputError(f"{path} is not a usable Keras model file (.keras): {first_line(error)}") from error


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
