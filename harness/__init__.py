"""Hardware-in-the-loop benchmarking of pruned tinyML models.

From a notebook::

    import harness
    row = harness.bench("model.tflite", board="virtual:nrf52840-dk")
    study = harness.search("digits", boards=["virtual:nrf51-dk"], name="first", max_accuracy_drop=2.0)
    frame = harness.load_results("first")
"""

import importlib
from typing import Any

__all__ = ["bench", "build", "load_results", "search", "shrink"]


def __getattr__(name: str) -> Any:
    # Loaded at first use: `harness --help` must not wait for numpy and pandas.
    if name in ("bench", "search"):
        return importlib.import_module(f"harness.{name}")  # callable packages
    if name in ("build", "load_results", "shrink"):
        return getattr(importlib.import_module("harness.api"), name)
    raise AttributeError(f"module 'harness' has no attribute {name!r}")
