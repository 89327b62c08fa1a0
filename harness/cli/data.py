"""`harness data`."""

from pathlib import Path
from typing import Any

import rich_click as click
from rich.console import Console
from rich.table import Table

from harness.cli.options import data_dir_option
from harness.cli.output import console_beside, json_option, write_json
from harness.errors import InputError


@click.group()
def data() -> None:
    """Bring the tasks' public data and models to a folder, and see what is there."""


@data.command()
@click.argument("task")
@data_dir_option
@json_option
def fetch(task: str, data_dir: Path | None, json_path: Path | None) -> None:
    """Download the public originals of TASK: kws, vww, ic or ad. What is there and right stays.

    A download that broke off goes on where it stopped when the same command is given again.

    \b
    Example:
      harness data fetch ic --data-dir data
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from harness.tasks.fetch import fetch as fetch_source
    from harness.tasks.sources import sources_of

    folder = _folder(data_dir)
    found: list[dict[str, object]] = []
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        shown = progress.add_task(task, total=None)

        def on_progress(name: str, done: int, total: int | None) -> None:
            progress.update(shown, description=name, completed=done, total=total)

        for source in sources_of(task):
            fetched = fetch_source(source, folder, on_progress)
            path, word = source.unpacks_to or source.path, "fetched" if fetched else "there already"
            found.append({"path": path, "fetched": fetched})
            progress.console.print(f"{path}: {word}", highlight=False)
    write_json(found, json_path)


@data.command()
@click.argument("task")
@data_dir_option
@json_option
def check(task: str, data_dir: Path | None, json_path: Path | None) -> None:
    """Say what of TASK's data is there, how many samples each split has, and what is missing.

    Ends with exit code 2 where nothing can be used.

    \b
    Example:
      harness data check kws --data-dir data
    """
    from harness.tasks import load_task
    from harness.tasks.fetch import missing
    from harness.tasks.sources import SOURCES

    folder = data_dir if task == "digits" else _folder(data_dir)
    loaded = load_task(task, folder)
    splits = [_split(name, lambda name=name: getattr(loaded, name)) for name in _SPLITS]
    reference = _reference(loaded)
    lacking = {}
    for source in SOURCES.get(task, ()):
        places = {folder, loaded.data_dir} - {None}
        count = min(len(missing(source, place)) for place in places if place is not None)
        if count and not (source.path.startswith("models/") and "sha256" in reference):
            lacking[source.unpacks_to or source.path] = count
    found = {"task": task, "splits": splits, "reference": reference, "public_files_missing": lacking}
    write_json(found, json_path)
    console = console_beside(json_path)
    console.print(_table(splits, reference))
    for path, count in lacking.items():
        console.print(f"not fetched: {path} ({count} missing)", highlight=False)
    if not any(split["samples"] for split in splits):
        raise InputError(f"task {task!r} has no samples that can be used; see the table for what each needs")


_SPLITS = ("train", "validation", "test", "official")


def _folder(data_dir: Path | None) -> Path:
    if data_dir is None:
        raise InputError("give --data-dir (or HARNESS_DATA_DIR) the folder for the data")
    return data_dir


def _split(name: str, read: Any) -> dict[str, Any]:
    """Number, hash and classes of a split, or what keeps it from being read."""
    try:
        split = read()
    except InputError as error:
        return {"split": name, "samples": 0, "problem": str(error)}
    if split is None:
        return {"split": name, "samples": 0, "problem": "this data has none"}
    files = {} if split.files is None else {"files": int(split.files.max()) + 1}
    return {"split": name, "samples": len(split), "sha256": split.fingerprint, **files}


def _reference(task: Any) -> dict[str, Any]:
    """Hash of the reference model's files, or what keeps them from being read."""
    from harness.tasks import reference_key

    try:
        return {"sha256": reference_key(task)}
    except InputError as error:
        return {"problem": str(error)}


def _table(splits: list[dict[str, Any]], reference: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("part", no_wrap=True)
    table.add_column("samples", justify="right", no_wrap=True)
    table.add_column("SHA-256, or what is missing", overflow="fold")
    for split in splits:
        detail = split.get("problem") or split["sha256"][:16]
        table.add_row(split["split"], f"{split['samples']:,}" if split["samples"] else "", detail)
    table.add_row("reference", "", reference.get("problem") or reference["sha256"][:16])
    return table
