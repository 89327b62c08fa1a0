"""What a study did beside what measuring everything would have taken, and where its boards differ."""

from harness.search.evidence import TOLERANCE
from harness.store import Study


def effort_lines(study: Study) -> list[str]:
    """Sentences for people, from the facts of the study's decisions; none for a study without them."""
    facts = next((decision.facts for decision in study.decisions.values() if "counts" in decision.facts), {})
    lines = []
    if facts.get("differs"):
        lines.append(str(facts["differs"]))
    if counts := facts.get("counts"):
        pairs = counts["candidates"] * counts["boards"]
        lines.append(
            f"{counts['candidates']} candidates on {counts['boards']} {_plural('board', counts['boards'])}: "
            f"{counts['built']} timed untrained, {counts['trained']} trained; "
            f"{counts['measured']} of {pairs} measured trained, {counts['fully_measured']} on all samples "
            f"({counts['samples']:,} of {counts['samples_exhaustive']:,} answers asked)."
        )
    for board, decision in study.decisions.items():
        far = [
            f"{name} took {ratio:.2f} x"
            for name, found in decision.facts.get("evidence", {}).items()
            if abs((ratio := found.get("trained_over_untrained", 1.0)) - 1) > TOLERANCE
        ]
        if far:
            lines.append(f"On {board} trained networks differ from untrained ones in time: {', '.join(far)}.")
    return lines


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
