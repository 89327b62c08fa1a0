"""Tasks: labelled data in fixed splits, and the trained float network to prune.

`load_task` and the data need numpy and scikit-learn only; `load_reference` starts TensorFlow.
"""

from harness.tasks.own import own_task
from harness.tasks.reference import load_reference, reference_key
from harness.tasks.registry import TASK_NAMES, load_task
from harness.tasks.task import Split, Splits, Task

__all__ = [
    "TASK_NAMES",
    "Split",
    "Splits",
    "Task",
    "load_reference",
    "load_task",
    "own_task",
    "reference_key",
]
