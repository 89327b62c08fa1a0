"""The chart of accuracy against latency."""

from typing import Any

import altair as alt

from harness.report import words
from harness.report.chart_style import INK, LIMIT, finished
from harness.report.views import BoardView, CandidateView, least_accuracy, limits_of
from harness.store import Study

UNPRUNED = "unpruned model"
# In place of a head's name: what the control has there (see `head` in docs/results.md) says nothing in a legend.
_IN_LEGEND = {"none": "unpruned, trained on"}
_SHAPES = ["circle", "square", "triangle-up", "diamond", "triangle-down"]
_COLOURS = [f"var(--series-{n})" for n in range(1, 7)]
_HEIGHT = 380
# Two labels collide when their points are nearer than this part of the chart in both directions.
_LABEL_WIDTH, _LABEL_HEIGHT = 0.14, 0.06


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
    colours = [INK if name == own else _COLOURS[at % len(_COLOURS)] for at, name in enumerate(names)]
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
        *_ring(points, x, y),
        base.mark_point(size=90, filled=True, opacity=1).encode(
            x=x, y=y, color=colour, shape=shape, tooltip=_tooltip(unit)
        ),
        *_labels(points, x, y),
    ]
    return finished(alt.layer(*_limit_rules(board, study, scale), *layers).properties(height=_HEIGHT))


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


def _labels(points: list[dict[str, Any]], x: Any, y: Any) -> list[Any]:
    """Names of points: above and left of the front, where nothing lies, else to the right; with a halo."""
    layers = []
    for side, style in (("left", {"align": "right", "dx": -9}), ("right", {"align": "left", "dx": 9})):
        named = [point for point in points if point["label"] and point["side"] == side]
        for look in ({"stroke": "var(--card)", "strokeWidth": 4}, {"color": INK}):
            mark = alt.Chart(alt.Data(values=named)).mark_text(dy=-10, fontSize=11.5, **style, **look)
            layers += [mark.encode(x=x, y=y, text="label:N")] if named else []
    return layers


def _ring(points: list[dict[str, Any]], x: Any, y: Any) -> list[Any]:
    """A ring about the choice, if it is among the points."""
    chosen = alt.Chart(alt.Data(values=[point for point in points if point["chosen"]]))
    mark = chosen.mark_point(size=420, filled=False, strokeWidth=2.5, color="var(--accent)", shape="circle")
    return [mark.encode(x=x, y=y)] if any(point["chosen"] for point in points) else []


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
    if view.head is None:
        return UNPRUNED if view.cut is None else "no head"
    return _IN_LEGEND.get(view.head, view.head)


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
    style: dict[str, Any] = {"strokeDash": [5, 4], "strokeWidth": 1.5, "color": LIMIT}
    if (most_ms := limits.get("max_latency_ms")) is not None:
        rows = alt.Data(values=[{"latency": most_ms * 1e3 / scale, "text": f"limit {most_ms:g} ms"}])
        chart = alt.Chart(rows)
        layers.append(chart.mark_rule(**style).encode(x="latency:Q"))
        layers.append(
            chart.mark_text(align="right", dx=-5, baseline="bottom", fontSize=11, color=LIMIT).encode(
                x="latency:Q", y=alt.value(_HEIGHT - 2), text="text:N"
            )
        )
    if (least := least_accuracy(board, study)) is not None:
        chart = alt.Chart(alt.Data(values=[{"accuracy": least * 100, "text": f"limit {least * 100:.2f} %"}]))
        layers.append(chart.mark_rule(**style).encode(y="accuracy:Q"))
        layers.append(
            chart.mark_text(align="left", dx=4, dy=-3, baseline="bottom", fontSize=11, color=LIMIT).encode(
                x=alt.value(0), y="accuracy:Q", text="text:N"
            )
        )
    return layers
