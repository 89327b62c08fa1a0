"""The charts of flash and RAM against the board's."""

from typing import Any

import altair as alt

from harness.report.chart_style import INK, LIMIT, finished
from harness.report.views import BoardView, CandidateView, limits_of
from harness.store import Study
from harness.units import KIB

# A board's memory is drawn where the images take more than this part of it; else they would be slivers.
_LEAST_SHARE = 0.5
_ROW_HEIGHT = 21


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
    return finished(alt.layer(*layers).properties(height=_ROW_HEIGHT * len(rows)))


def _overflows(view: CandidateView, memory: str) -> bool:
    return not view.fits and view.image is not None and view.image.unfit_memory == memory


def _memory_marks(board: BoardView, study: Study, memory: str, largest_kb: float) -> list[dict[str, Any]]:
    marks = []
    have_bytes = board.flash_bytes if memory == "flash" else board.ram_bytes
    if have_bytes is not None and largest_kb >= _LEAST_SHARE * have_bytes / KIB:
        marks.append({"kb": have_bytes / KIB, "text": f"board {have_bytes / KIB:,.0f}", "stroke": INK})
    most_kb = limits_of(study, board.decision).get(f"max_{memory}_kb")
    if most_kb is not None and largest_kb >= _LEAST_SHARE * most_kb:
        marks.append({"kb": most_kb, "text": f"limit {most_kb:g}", "stroke": LIMIT})
    return marks
