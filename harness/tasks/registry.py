"""Tasks by name."""

import difflib
from pathlib import Path

from harness.errors import InputError
from harness.tasks.ad import ad_task
from harness.tasks.digits import digits_task
from harness.tasks.ic import ic_task
from harness.tasks.kws import kws_task
from harness.tasks.task import Task
from harness.tasks.vww import vww_task

TASK_NAMES = ("digits", "kws", "vww", "ic", "ad")
_IN_FOLDS = {"kws": kws_task, "vww": vww_task}
_IN_ONE_PIECE = {"ic": ic_task, "ad": ad_task}


def load_task(name: str, data_dir: Path | None = None, fold: int | None = None) -> Task:
    """The task called `name`. Its data is read when first asked for.

    Args:
        name: One of `TASK_NAMES`.
        data_dir: Folder with the task's data; `digits` needs none.
        fold: For `kws` and `vww` the fold to test on, 0 to 4.

    Raises:
        InputError: There is no such task or fold, or it needs a data folder and none that exists is given.
    """
    if fold is not None and name in TASK_NAMES and name not in _IN_FOLDS:
        raise InputError(f"task {name!r} has one fixed test split and no folds; leave --fold out")
    if name == "digits":
        return digits_task()
    if name in _IN_FOLDS:
        return _IN_FOLDS[name](data_dir, fold)
    if name in _IN_ONE_PIECE:
        return _IN_ONE_PIECE[name](data_dir)
    near = difflib.get_close_matches(name, TASK_NAMES, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known tasks: {', '.join(TASK_NAMES)}"
    raise InputError(f"unknown task {name!r}; {hint}")
