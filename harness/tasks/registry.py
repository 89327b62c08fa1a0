"""Tasks by name."""

import difflib
from pathlib import Path

from harness.errors import InputError
from harness.tasks.digits import digits_task
from harness.tasks.kws import kws_task
from harness.tasks.task import Task

TASK_NAMES = ("digits", "kws")


def load_task(name: str, data_dir: Path | None = None) -> Task:
    """The task called `name`. Its data is read when first asked for.

    Args:
        name: One of `TASK_NAMES`.
        data_dir: Folder with the task's data; `digits` needs none.

    Raises:
        InputError: There is no such task, or it needs a data folder and none that exists is given.
    """
    if name == "digits":
        return digits_task()
    if name == "kws":
        return kws_task(data_dir)
    near = difflib.get_close_matches(name, TASK_NAMES, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known tasks: {', '.join(TASK_NAMES)}"
    raise InputError(f"unknown task {name!r}; {hint}")
