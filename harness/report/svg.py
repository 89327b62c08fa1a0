"""The report's charts as SVG files, for papers and slides."""

import json
import re
from pathlib import Path

import altair
import vl_convert

from harness.config.paths import ensure_writable
from harness.errors import InputError
from harness.report.html import charts
from harness.report.views import board_views
from harness.store import Store

_CSS = Path(__file__).parent / "templates" / "report.css"
_WIDTH = 760


def write_svgs(store: Store, study: str, folder: Path) -> list[Path]:
    """Write each chart of each board as `<board>-<chart>.svg`, in the page's light colours.

    Args:
        store: Where the study is.
        study: Its name.
        folder: Where the files go; made if needed.

    Returns:
        The files.

    Raises:
        InputError: There is no such study, or the folder cannot be written to.
        StoreError: The store cannot be read.
    """
    found = store.study(study)
    ensure_writable(folder)
    version = ".".join(altair.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    written = []
    for board in board_views(store, found):
        for name, spec in charts(store, found, board).items():
            text = _in_light_colours(json.dumps({**spec, "width": _WIDTH}))
            path = folder / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', board.name)}-{name}.svg"
            try:
                path.write_text(vl_convert.vegalite_to_svg(text, vl_version=version), encoding="utf-8")
            except OSError as error:
                raise InputError(f"cannot write {path}: {error.strerror}") from error
            written.append(path)
    return written


def _in_light_colours(spec: str) -> str:
    """CSS variables replaced by what the style sheet gives them outside dark mode."""
    light = _CSS.read_text(encoding="utf-8").split("@media", 1)[0]
    colours = dict(re.findall(r"(--[\w-]+):\s*([^;]+);", light))
    return re.sub(r"var\((--[\w-]+)\)", lambda found: colours[found[1]], spec)
