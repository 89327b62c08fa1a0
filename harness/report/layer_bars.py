"""The chart of each layer's time, the chosen model beside the unpruned one."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from harness.measure import LayerProfile
from harness.report.chart_style import INK, finished
from harness.units import cycles_to_us

_ROW_HEIGHT = 26


def layer_bars(models: Sequence[tuple[str, LayerProfile, int]]) -> dict[str, Any] | None:
    """Milliseconds of each layer.

    Args:
        models: Name, measured profile and core clock in Hz of each model: the chosen one first.

    Returns:
        A Vega-Lite specification; None where there is no profile.
    """
    rows = [
        {
            "layer": layer.name,
            "model": name,
            "ms": cycles_to_us(layer.cycles, clock_hz) / 1e3,
            "cycles": layer.cycles,
            "macs": layer.macs,
            "each": f"{layer.cycles / layer.macs:.2f}" if layer.macs else "",
            "kernel": layer.kernel,
        }
        for name, profile, clock_hz in models
        for layer in profile.layers
    ]
    if not rows:
        return None
    names = [name for name, _, _ in models]
    order = sorted({str(row["layer"]) for row in rows})  # names begin with the layer's number
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X("ms:Q", title="milliseconds"),
            y=alt.Y("layer:N", title=None, sort=order),
            yOffset=alt.YOffset("model:N", sort=names),
            color=alt.Color(
                "model:N",
                sort=names,
                legend=alt.Legend(title=None),
                scale=alt.Scale(domain=names, range=["var(--accent)", INK][: len(names)]),
            ),
            tooltip=[
                alt.Tooltip("layer:N"),
                alt.Tooltip("model:N"),
                alt.Tooltip("ms:Q", format=",.3f"),
                alt.Tooltip("cycles:Q", format=","),
                alt.Tooltip("macs:Q", title="MACs", format=","),
                alt.Tooltip("each:N", title="cycles a MAC"),
                alt.Tooltip("kernel:N"),
            ],
        )
    )
    return finished(chart.properties(height=_ROW_HEIGHT * len(order)))
