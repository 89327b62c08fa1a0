"""The JavaScript that draws the charts, whole, for a file that works offline."""

import contextlib
import os
import re
import tempfile
from importlib.metadata import version
from pathlib import Path

import altair
import vl_convert

from harness.config.paths import cache_dir


def chart_script() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script; made in seconds once, then kept in the cache."""
    vega_lite = ".".join(altair.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    cached = cache_dir() / f"charts-{version('vl-convert-python')}-{vega_lite}.js"
    with contextlib.suppress(OSError):
        return cached.read_text(encoding="utf-8")
    script = str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=vega_lite))
    script = re.sub(r"</(script)", r"<\\/\1", script, flags=re.IGNORECASE)  # would end the element it is in
    with contextlib.suppress(OSError):  # without a cache the next report takes as long
        _keep(script, cached)
    return script


def _keep(script: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(script)
    os.replace(name, path)
