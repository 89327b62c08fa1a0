"""Why boards of one search were decided differently."""

from collections.abc import Mapping
from typing import Any

from harness.store import Decision
from harness.units import format_us


def explain_differences(decisions: Mapping[str, Decision]) -> str | None:
    """One sentence, from measured figures; None where all boards have the same choice, or one has none."""
    chosen = {board: decision.candidate for board, decision in decisions.items()}
    if len(set(chosen.values())) < 2 or None in chosen.values():
        return None
    first = next(iter(chosen))
    other = next(board for board in chosen if chosen[board] != chosen[first])
    mine, its = str(chosen[first]), str(chosen[other])
    parts = [
        f"on {board} {mine} takes {format_us(times[0])} and {its} {format_us(times[1])}"
        for board in (first, other)
        if (times := _times(decisions[board], mine, its))
    ]
    sentence = f"The choices differ, {mine} on {first} and {its} on {other}"
    if len(parts) == 2:
        sentence += f": {parts[0]}, {parts[1]}"
    reasons = [
        f"{name} is out on {board} ({verdict})"
        for board, name in ((first, its), (other, mine))
        if (verdict := decisions[board].verdicts.get(name, "")) and " x the " not in verdict
    ]
    return "; ".join([sentence, *reasons]) + "."


def _times(decision: Decision, *names: str) -> list[float] | None:
    """Microseconds of these candidates on the decision's board, if all are known."""
    evidence: dict[str, Any] = decision.facts.get("evidence", {})
    times = [evidence.get(name, {}).get("latency_us") for name in names]
    return None if None in times else [float(time) for time in times if time is not None]
