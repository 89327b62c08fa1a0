"""Chooses a candidate from measured results. The room is also a verb: `harness.search(...)`."""

from collections.abc import Callable
from typing import Any

from harness.callable_module import make_callable
from harness.search.evaluate import Evaluator
from harness.search.limits import Limits
from harness.search.observer import Observer
from harness.search.samples import choose_samples
from harness.search.spec import StudySpec
from harness.search.study import run_study
from harness.search.subject import Subject
from harness.search.worker import BoardWorker

__all__ = [
    "BoardWorker",
    "Evaluator",
    "Limits",
    "Observer",
    "StudySpec",
    "Subject",
    "choose_samples",
    "run_study",
]


def _search() -> Callable[..., Any]:
    from harness.api import search

    return search


make_callable(__name__, _search)
