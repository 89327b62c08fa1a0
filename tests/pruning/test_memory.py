"""What a process keeps of networks it has trained: nothing, for a search trains hundreds in one process."""

import gc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.pruning import Candidate, train_candidate
from harness.pruning.channels import Annealing, Budget, Resources, find_groups, prune_channels
from harness.tasks import Task
from tests.pruning.networks import NO_TIMES, TRAINING

pytestmark = pytest.mark.slow

SHORT = replace(TRAINING, epochs=1)
TAUGHT = replace(SHORT, distillation=1.0, averaging=0.9, matching=0.1)


def cut(reference: Any, task: Task) -> None:
    train_candidate(reference, Candidate("block1", "aux", frozen=False), task, SHORT)


def taught_cut(reference: Any, task: Task) -> None:
    train_candidate(reference, Candidate("block1", "aux", frozen=False), task, TAUGHT)


def fewer_channels(reference: Any, task: Task) -> None:
    budget = Budget(cycles=float(Resources(find_groups(reference), NO_TIMES).cycles({})) * 0.9)
    prune_channels(reference, task, budget, NO_TIMES, TAUGHT, settings=Annealing(4, 4, 50))


def graphs() -> int:
    """TensorFlow graphs that are alive: each step of a training is one, of megabytes."""
    gc.collect()
    return sum(type(found).__name__ == "FuncGraph" for found in gc.get_objects())


@pytest.mark.parametrize("train", [cut, taught_cut, fewer_channels])
def test_a_training_leaves_no_graph_behind(
    train: Callable[[Any, Task], None], small_reference: Any, bars: Task
) -> None:
    train(small_reference, bars)  # the reference keeps graphs of its own from here on
    before = graphs()
    train(small_reference, bars)
    assert before > 0
    assert graphs() == before
