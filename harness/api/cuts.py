"""Where a model can be cut."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.api.folders import as_path
from harness.errors import InputError
from harness.tasks import load_task

if TYPE_CHECKING:
    from harness.pruning import CutOverview


def cuts(
    model: Path | str | None = None,
    *,
    task: str | None = None,
    data_dir: Path | str | None = None,
    heads: Sequence[str] = ("aux", "adapted"),
) -> "list[CutOverview]":
    """Where a float model can be cut, and what each head there gives, before anything is trained.

    Args:
        model: A `.keras` or `.h5` file.
        task: Name of a task whose own model is taken instead.
        data_dir: The task's data, with its model beside it.
        heads: Heads to put at every cut.

    Returns:
        The unpruned model first, then cut by cut, front to back.

    Raises:
        InputError: Something given cannot be used, or the model cannot be cut.
    """
    from harness.pruning import overview
    from harness.tasks import load_reference
    from harness.tasks.model_file import load_model

    if (model is None) == (task is None):
        raise InputError("give either a model file or --task")
    if task is not None:
        return overview(load_reference(load_task(task, as_path(data_dir))), tuple(heads))
    return overview(load_model(Path(str(model))), tuple(heads))
