"""Which candidates have the same layers and sizes, so that one is timed for all of them."""

from collections.abc import Sequence
from dataclasses import replace

from harness.pruning import UNPRUNED, Candidate


def shape_of(candidate: Candidate) -> Candidate:
    """The candidate that stands for all of the same layers and sizes: tail and seed change weights only."""
    if candidate.cut is None:
        return Candidate(None, None)
    return replace(candidate, frozen=True, seed=0)


def timed_as(candidates: Sequence[Candidate]) -> dict[str, str]:
    """Candidate -> the first one of the same shape, which is timed for all of them."""
    first: dict[str, str] = {UNPRUNED: UNPRUNED}
    for candidate in candidates:
        first.setdefault(shape_of(candidate).key, candidate.key)
    return {candidate.key: first[shape_of(candidate).key] for candidate in candidates}
