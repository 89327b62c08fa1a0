"""Charts of a job's figures over nights, one line a board."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from harness.report.chart_style import finished
from harness.store import Measurement, Night, NightResult

_FIGURES: list[tuple[str, str, Callable[[Measurement], float | None]]] = [
    ("latency", "latency (us)", lambda row: row.latency_us),
    ("accuracy", "accuracy (%)", lambda row: None if row.accuracy is None else row.accuracy * 100),
    ("flash", "flash (KB)", lambda row: None if row.flash_bytes is None else row.flash_bytes / 1024),
    ("RAM", "RAM (KB)", lambda row: None if row.ram_bytes is None else row.ram_bytes / 1024),
    ("energy", "energy (uJ)", lambda row: row.energy_uj),
]
_COLOURS = [f"var(--series-{n})" for n in range(1, 7)]
_HEIGHT = 200


@dataclass(frozen=True)
class Point:
    """A result with its row and its night."""

    night: Night
    result: NightResult
    row: Measurement


def trend_charts(points: Sequence[Point]) -> dict[str, dict[str, Any]]:
    """Title -> Vega-Lite specification, for each job and figure that has a value; nights oldest first."""
    charts = {}
    for job in dict.fromkeys(point.result.job for point in points):
        for name, axis, figure in _FIGURES:
            values = [
                {
                    "night": f"{point.night.id}",
                    "board": point.result.board + _mode(point.result),
                    "value": value,
                    "state": point.result.state,
                    "image": (point.row.image_sha256 or "")[:12],
                    "commit": (point.night.revision or "")[:12],
                    "when": point.night.started_utc[:16].replace("T", " "),
                }
                for point in points
                if point.result.job == job and (value := figure(point.row)) is not None
            ]
            if values:
                charts[f"{job}: {name}"] = _chart(values, axis)
    return charts


def _mode(result: NightResult) -> str:
    return f" ({result.mode})" if result.mode != "all" else ""


def _chart(values: list[dict[str, Any]], axis: str) -> dict[str, Any]:
    boards = list(dict.fromkeys(value["board"] for value in values))
    nights = sorted({value["night"] for value in values}, key=int)
    colours = [_COLOURS[at % len(_COLOURS)] for at in range(len(boards))]
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X("night:N", title="night", sort=nights, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        y=alt.Y("value:Q", title=axis, scale=alt.Scale(zero=False, padding=12)),
        color=alt.Color(
            "board:N", legend=alt.Legend(title=None), scale=alt.Scale(domain=boards, range=colours)
        ),
    )
    tooltip = [alt.Tooltip(f"{name}:N") for name in ("board", "when", "state", "image", "commit")]
    points = base.mark_point(size=60, filled=True, opacity=1).encode(
        tooltip=[alt.Tooltip("value:Q", format=",.2f"), *tooltip]
    )
    worse = (
        base.transform_filter("datum.state === 'regression'")
        .mark_point(size=180, strokeWidth=2)
        .encode(color=alt.value("var(--bad)"))
    )
    lines = base.mark_line(strokeWidth=1.5, opacity=0.6)
    return finished(alt.layer(lines, points, worse).properties(height=_HEIGHT))
