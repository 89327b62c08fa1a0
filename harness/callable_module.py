"""Rooms that are also verbs: `harness.bench(...)` and `harness.search(...)` beside their packages.

A package and a function cannot both be `harness.bench`: importing the package replaces the function.
So the package itself is made callable (see docs/adr/003-callable-rooms.md).
"""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def make_callable(name: str, load: Callable[[], Callable[..., Any]]) -> None:
    """Let the imported module `name` be called as the function that `load` gives at the first call."""

    class CallableModule(ModuleType):
        def __call__(self, *args: Any, **options: Any) -> Any:
            return load()(*args, **options)

    sys.modules[name].__class__ = CallableModule
