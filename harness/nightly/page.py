"""A night as one HTML file that needs nothing else: its results, and trends over nights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

import harness.report
from harness.nightly.verdict import WORDS
from harness.report.bundle import chart_script
from harness.store import Night

_TEMPLATES = Path(__file__).parent / "templates"
# The reports' look, and their script that draws the charts.
_REPORT = Path(harness.report.__file__).parent / "templates"


def night_page(night: Night, charts: Mapping[str, dict[str, Any]]) -> str:
    """The page as text.

    Args:
        night: What to show.
        charts: Title -> Vega-Lite specification without a width.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("night.html.j2").render(
        night=night,
        charts=dict(charts),
        words=WORDS,
        style=Markup((_REPORT / "report.css").read_text(encoding="utf-8")),
        script=Markup((_REPORT / "report.js").read_text(encoding="utf-8")),
        chart_script=Markup(chart_script()),
    )
