"""The charts of a board as Vega-Lite specifications.

Colours are CSS variables of the page, so that one drawing serves light, dark and paper.
"""

from typing import Any

import altair as alt

from harness.report import words
from harness.report.views import BoardView, CandidateView, limits_of
from harness.store import Study
from harness.units import KIB

UNPRUNED = "unpruned model"
_SHAPES = ["circle", "square", "triangle-up", "diamond", "triangle-down"]
_COLOURS = [f"var(--series-{n})" for n in range(1, 7)]
# Two labels collide when their points are nearer than this part of the chart in both directions.
_LABEL_WIDTH, _LABEL_HEIGHT = 0.14, 0.06
# A board's memory is drawn where the images take more than this part of it; else they would be slivers.
_LEAST_SHARE = 0.5


def heads(board: BoardView) -> list[str]:
    """What a board's candidates are coloured by, in the order of their first rows."""
    return list(dict.fromkeys(_head(view) for view in board.candidates))


def trade_off(board: BoardView, study: Study) -> dict[str, Any] | None:
    """Accuracy against latency with the Pareto front and the limits; None where nothing has both."""
    views = [view for view in board.candidates if view.latency_us is not None and view.accuracy is not None]
    if not views:
        return None
    scale, unit = (1e3, "ms") if max(view.latency_us or 0 for view in views) >= 1000 else (1.0, "us")
    points = [_point(view, scale) for view in views]
    _label(points)
    front = sorted((point for point in points if point["front"]), key=lambda point: point["latency"])
    x = alt.X(
        "latency:Q", title=f"latency of one inference ({unit})", scale=alt.Scale(zero=False, padding=28)
    )
    y = alt.Y("accuracy:Q", title="accuracy (%)", scale=alt.Scale(zero=False, padding=18))
    names = list(dict.fromkeys(point["head"] for point in points))
    # The unpruned model stands apart from the heads, whatever their number.
    own = UNPRUNED
    colours = ["var(--ink)" if name == own else _COLOURS[at % len(_COLOURS)] for at, name in enumerate(names)]
    shapes = ["cross" if name == own else _SHAPES[at % len(_SHAPES)] for at, name in enumerate(names)]
    colour = alt.Color("head:N", legend=alt.Legend(title=None), scale=alt.Scale(domain=names, range=colours))
    shape = alt.Shape("head:N", legend=alt.Legend(title=None), scale=alt.Scale(domain=names, range=shapes))
    base = alt.Chart(alt.Data(values=points))
    layers = [
        alt.Chart(alt.Data(values=front))
        .mark_line(interpolate="step-after", color="var(--front)", strokeWidth=2, opacity=0.9)
        .encode(x=x, y=y),
        base.mark_rule(strokeWidth=1.5, opacity=0.45).encode(
            x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour
        ),
        base.transform_filter("datum.chosen")
        .mark_point(size=420, filled=False, strokeWidth=2.5, color="var(--accent)", shape="circle")
        .encode(x=x, y=y),
        base.mark_point(size=90, filled=True, opacity=1).encode(
            x=x, y=y, color=colour, shape=shape, tooltip=_tooltip(unit)
        ),
        *_labels(base, x, y),
    ]
    return _finish(alt.layer(*_limit_rules(board, study, scale), *layers).properties(height=380))


def memory_bars(board: BoardView, study: Study, memory: str) -> dict[str, Any] | None:
    """What each candidate needs of `flash` or `ram`, against the board's; None where nothing is known."""
    rows = [
        {
            "candidate": view.name,
            "kb": size_bytes / KIB,
            "bytes": f"{size_bytes:,} bytes",
            "state": "chosen" if view.chosen else "over" if _overflows(view, memory) else "other",
            "verdict": view.verdict,
        }
        for view in board.candidates
        if (size_bytes := view.size_bytes(memory)) is not None
    ]
    if not rows:
        return None
    largest = max(float(str(row["kb"])) for row in rows)
    marks = _memory_marks(board, study, memory, largest)
    top = max([largest * 1.16, *(mark["kb"] * 1.04 for mark in marks)])
    x = alt.X("kb:Q", title=None, scale=alt.Scale(domain=[0, top], nice=False), axis=alt.Axis(tickCount=4))
    y = alt.Y("candidate:N", title=None, sort=[str(row["candidate"]) for row in rows])
    colour = alt.Color(
        "state:N",
        legend=None,
        scale=alt.Scale(
            domain=["chosen", "other", "over"], range=["var(--accent)", "var(--bar)", "var(--bad)"]
        ),
    )
    base = alt.Chart(alt.Data(values=rows))
    tooltip = [
        alt.Tooltip("candidate:N"),
        alt.Tooltip("bytes:N", title=memory),
        alt.Tooltip("verdict:N"),
    ]
    text = alt.Text("kb:Q", format=",.1f")
    figure: dict[str, Any] = {"align": "left", "dx": 5, "fontSize": 11}
    layers = [
        base.mark_bar(height={"band": 0.68}, cornerRadiusEnd=2).encode(
            x=x, y=y, color=colour, tooltip=tooltip
        )
    ]
    if marks:
        marked = alt.Chart(alt.Data(values=marks))
        # The board's own memory in ink, the user's limit in the colour of limits.
        colour = alt.Color("stroke:N", scale=None, legend=None)
        layers += [
            marked.mark_rule(strokeDash=[5, 4], strokeWidth=1.5).encode(x=x, color=colour),
            marked.mark_text(align="right", dx=-4, dy=4, baseline="top", fontSize=11).encode(
                x=x, y=alt.value(-18), text="text:N", color=colour
            ),
        ]
    layers += [
        # A halo keeps the figures legible where a dashed line runs through them.
        base.mark_text(stroke="var(--card)", strokeWidth=4, **figure).encode(x=x, y=y, text=text),
        base.mark_text(color="var(--muted)", **figure).encode(x=x, y=y, text=text),
    ]
    return _finish(alt.layer(*layers).properties(height=21 * len(rows)))


def _point(view: CandidateView, scale: float) -> dict[str, Any]:
    latency, scored = view.latency, view.accuracy
    assert latency is not None and scored is not None
    assert latency.latency_us is not None and scored.accuracy is not None
    low = scored.accuracy if scored.accuracy_low is None else scored.accuracy_low
    high = scored.accuracy if scored.accuracy_high is None else scored.accuracy_high
    return {
        "candidate": view.name,
        "head": _head(view),
        "latency": latency.latency_us / scale,
        "accuracy": scored.accuracy * 100,
        "low": low * 100,
        "high": high * 100,
        "interval": words.margin(view) or words.DASH,
        "flash": words.size(view, "flash"),
        "ram": words.size(view, "ram"),
        "macs": words.DASH if latency.macs is None else f"{latency.macs:,}",
        "verdict": view.verdict,
        "chosen": view.chosen,
        "front": view.on_front,
        "label": "",
        "side": "right",
    }


def _labels(base: Any, x: Any, y: Any) -> list[Any]:
    """Names of points: above and left of the front, where nothing lies, else to the right; with a halo."""
    layers = []
    for side, style in (("left", {"align": "right", "dx": -9}), ("right", {"align": "left", "dx": 9})):
        named = base.transform_filter(f"datum.label != '' && datum.side == '{side}'")
        for look in ({"stroke": "var(--card)", "strokeWidth": 4}, {"color": "var(--ink)"}):
            mark = named.mark_text(dy=-10, fontSize=11.5, **style, **look)
            layers.append(mark.encode(x=x, y=y, text="label:N"))
    return layers


def _label(points: list[dict[str, Any]]) -> None:
    """Name the choice, the unpruned model and as much of the front as has room."""
    wanted = [point for point in points if point["chosen"] or point["front"] or point["head"] == UNPRUNED]
    wanted.sort(key=lambda point: (not point["chosen"], point["head"] != UNPRUNED))
    wide, high = (
        max(point[axis] for point in points) - min(point[axis] for point in points) or 1.0
        for axis in ("latency", "accuracy")
    )
    left = min(point["latency"] for point in points)
    placed: list[dict[str, Any]] = []
    for point in wanted:
        free = all(
            abs(point["latency"] - other["latency"]) > _LABEL_WIDTH * wide
            or abs(point["accuracy"] - other["accuracy"]) > _LABEL_HEIGHT * high
            for other in placed
        )
        if free:
            point["label"] = point["candidate"]
            at_edge = point["latency"] - left < _LABEL_WIDTH * wide
            point["side"] = "left" if point["front"] and not at_edge else "right"
            placed.append(point)


def _head(view: CandidateView) -> str:
    return UNPRUNED if view.cut is None else view.head or "no head"


def _overflows(view: CandidateView, memory: str) -> bool:
    return not view.fits and view.image is not None and view.image.unfit_memory == memory


def _tooltip(unit: str) -> list[Any]:
    return [
        alt.Tooltip("candidate:N"),
        alt.Tooltip("latency:Q", title=f"latency ({unit})", format=",.2f"),
        alt.Tooltip("accuracy:Q", title="accuracy (%)", format=".2f"),
        alt.Tooltip("interval:N", title="95 % interval"),
        alt.Tooltip("flash:N"),
        alt.Tooltip("ram:N", title="RAM"),
        alt.Tooltip("macs:N", title="MACs"),
        alt.Tooltip("verdict:N"),
    ]


def _limit_rules(board: BoardView, study: Study, scale: float) -> list[Any]:
    """Dashed lines at the latency and accuracy limits, each with its words."""
    limits = limits_of(study, board.decision)
    layers: list[Any] = []
    style: dict[str, Any] = {"strokeDash": [5, 4], "strokeWidth": 1.5, "color": "var(--limit)"}
    if (most_ms := limits.get("max_latency_ms")) is not None:
        rows = alt.Data(values=[{"latency": most_ms * 1e3 / scale, "text": f"limit {most_ms:g} ms"}])
        chart = alt.Chart(rows)
        layers.append(chart.mark_rule(**style).encode(x="latency:Q"))
        layers.append(
            chart.mark_text(
                align="right", dx=-5, baseline="bottom", fontSize=11, color="var(--limit)"
            ).encode(x="latency:Q", y=alt.value(378), text="text:N")
        )
    if (least := least_accuracy(board, study)) is not None:
        chart = alt.Chart(alt.Data(values=[{"accuracy": least * 100, "text": f"limit {least * 100:.2f} %"}]))
        layers.append(chart.mark_rule(**style).encode(y="accuracy:Q"))
        layers.append(
            chart.mark_text(
                align="left", dx=4, dy=-3, baseline="bottom", fontSize=11, color="var(--limit)"
            ).encode(x=alt.value(0), y="accuracy:Q", text="text:N")
        )
    return layers


def least_accuracy(board: BoardView, study: Study) -> float | None:
    """The least accuracy the limits allow on this board, in [0, 1]; None where they name none."""
    limits = limits_of(study, board.decision)
    floors = [limits["min_accuracy"]] if "min_accuracy" in limits else []
    reference = board.decision.facts.get("reference_accuracy") if board.decision else None
    if reference is None and board.unpruned and board.unpruned.accuracy:
        reference = board.unpruned.accuracy.accuracy
    if "max_accuracy_drop" in limits and reference is not None:
        floors.append(reference - limits["max_accuracy_drop"] / 100)
    return max(floors, default=None)


def _memory_marks(board: BoardView, study: Study, memory: str, largest_kb: float) -> list[dict[str, Any]]:
    marks = []
    have_bytes = board.flash_bytes if memory == "flash" else board.ram_bytes
    if have_bytes is not None and largest_kb >= _LEAST_SHARE * have_bytes / KIB:
        marks.append(
            {"kb": have_bytes / KIB, "text": f"board {have_bytes / KIB:,.0f}", "stroke": "var(--ink)"}
        )
    most_kb = limits_of(study, board.decision).get(f"max_{memory}_kb")
    if most_kb is not None and largest_kb >= _LEAST_SHARE * most_kb:
        marks.append({"kb": most_kb, "text": f"limit {most_kb:g}", "stroke": "var(--limit)"})
    return marks


def _finish(chart: Any) -> dict[str, Any]:
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
