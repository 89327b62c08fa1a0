"""A night in one number and one line."""

from collections import Counter
from collections.abc import Sequence

from harness.store import HEALTH, NightResult
from harness.store.nights import State

WORDS: dict[State, str] = {
    "ok": "fine",
    "accepted": "accepted",
    "regression": "worse",
    "failed": "failed",
    "invalid": "could not be run",
    "skipped": "not measured",
}
"""State of a result -> what people are told."""

_NOT_MEASURED: tuple[State, ...] = ("failed", "invalid", "skipped")


def exit_code(results: Sequence[NightResult]) -> int:
    """0: all is well; 1: something got worse; 3: nothing known got worse, but not all was measured."""
    states = {result.state for result in results}
    if "regression" in states:
        return 1
    return 3 if states & set(_NOT_MEASURED) else 0


def summary(night: int, results: Sequence[NightResult]) -> str:
    """The night in a line, for a notification: the worst first."""
    jobs = [result for result in results if result.job != HEALTH]
    counts = Counter(result.state for result in jobs)
    good = counts["ok"] + counts["accepted"]
    bad: tuple[State, ...] = ("regression", *_NOT_MEASURED)
    parts = [f"{counts[state]} {WORDS[state]}" for state in bad if counts[state]]
    line = f"night {night}: {', '.join(parts) + '; ' if parts else ''}{good} of {len(jobs)} fine"
    first = _first_trouble(results)
    return line if first is None else f"{line}. {_where(first)}: {first.sentence}"


def _first_trouble(results: Sequence[NightResult]) -> NightResult | None:
    for state in ("regression", *_NOT_MEASURED):
        for result in results:
            if result.state == state:
                return result
    return None


def _where(result: NightResult) -> str:
    return f"{result.job} on {result.board}" + (f" ({result.mode})" if result.mode not in ("", "all") else "")
