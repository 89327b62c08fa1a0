"""TensorFlow, started late, quietly and deterministically.

It is imported inside functions only: commands that train nothing must not pay its start-up.
"""

import os
import random
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

_stderr_lock = threading.RLock()


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Keep native code's chatter off file descriptor 2, this process's standard error.

    TensorFlow's C++ writes there past Python's logging. Python errors pass through unharmed.
    """
    with _stderr_lock, tempfile.TemporaryFile() as sink:
        sys.stderr.flush()
        kept = os.dup(2)
        try:
            os.dup2(sink.fileno(), 2)
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)


@cache
def load_tensorflow() -> Any:
    """The `tensorflow` module, imported without output and set to deterministic operators."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with quiet_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations among TensorFlow's own dependencies
        import absl.logging
        import tensorflow

        absl.logging.set_verbosity(absl.logging.ERROR)
        tensorflow.get_logger().setLevel("ERROR")
        tensorflow.config.experimental.enable_op_determinism()
        # Creating the first tensor starts the devices, which is the noisiest part.
        tensorflow.constant(0)
    return tensorflow


def load_keras() -> Any:
    """The `keras` module on TensorFlow, imported as `load_tensorflow` does."""
    load_tensorflow()
    import keras

    return keras


def first_line(error: BaseException) -> str:
    """What an error of TensorFlow or Keras says, without the pages that often follow."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Make everything random in the block follow from `seed`.

    Keras seeds the global generators of `random` and numpy; the caller gets its own back.
    """
    keras = load_keras()
    python_state, numpy_state = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
