"""The data folder that the user names, and the task's part of it."""

from pathlib import Path

from harness.errors import InputError


def task_folder(data_dir: Path | None, task: str, contents: tuple[str, ...]) -> Path:
    """`data_dir`, or its subfolder called `task`: whichever holds one of `contents`.

    Args:
        data_dir: As the user gave it, if at all.
        task: Name of the task.
        contents: Files or folders, one of which is enough.

    Raises:
        InputError: `data_dir` is None, missing, or holds none of them.
    """
    named = " or ".join(contents)
    if data_dir is None:
        raise InputError(
            f"task {task!r} needs its data: give --data-dir (or HARNESS_DATA_DIR) a folder with {named}"
        )
    if not data_dir.is_dir():
        raise InputError(f"data folder {data_dir} of task {task!r} does not exist or is not a folder")
    for folder in (data_dir, data_dir / task):
        if any((folder / name.rstrip("/")).exists() for name in contents):
            return folder
    raise InputError(f"data folder {data_dir} holds no {named}, which task {task!r} reads")
