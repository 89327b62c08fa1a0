"""JSON results, to a file or to standard output."""

import json
from pathlib import Path
from typing import Any

import rich_click as click
from rich.console import Console

from harness.errors import InputError

STDOUT = Path("-")

json_option = click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Write the result as JSON; - for standard output.",
)


def write_json(value: Any, path: Path | None) -> None:
    """Write `value` to `path`, to standard output for `-`, nowhere for None.

    Raises:
        InputError: The file cannot be written.
    """
    if path is None:
        return
    text = json.dumps(value, indent=2)
    if path == STDOUT:
        click.echo(text)
        return
    try:
        path.write_text(text + "\n")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error


def console_beside(json_path: Path | None) -> Console:
    """Where tables go: standard error when JSON has standard output."""
    return Console(stderr=json_path == STDOUT)
