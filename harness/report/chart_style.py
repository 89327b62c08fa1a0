"""How all charts look. Colours are CSS variables of the page: one drawing serves light, dark and paper."""

from typing import Any

import altair as alt

LIMIT = "var(--limit)"
INK = "var(--ink)"


def finished(chart: Any) -> dict[str, Any]:
    """The chart as a Vega-Lite specification in the report's style; its width is left to the page."""
    quiet = {
        "labelColor": "var(--muted)",
        "titleColor": "var(--muted)",
        "titleFontWeight": "normal",
        "gridColor": "var(--grid)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
        "labelFontSize": 11.5,
        "titleFontSize": 12,
        "labelLimit": 150,
        "labelPadding": 6,
    }
    fitted = chart.properties(autosize=alt.AutoSizeParams(type="fit-x", contains="padding"))
    configured = fitted.configure(
        background="transparent",
        font="system-ui, -apple-system, 'Segoe UI', sans-serif",
        axis=quiet,
        axisY={**quiet, "domain": False, "ticks": False},
        axisX={**quiet, "grid": True},
        view={"stroke": None},
        legend={
            "labelColor": "var(--ink)",
            "titleColor": "var(--muted)",
            "titleFontWeight": "normal",
            "orient": "top",
            "direction": "horizontal",
            "columns": 4,
            "symbolStrokeWidth": 0,
            "symbolOpacity": 1,
            "labelFontSize": 12,
        },
    )
    specification: dict[str, Any] = configured.to_dict()
    return specification
