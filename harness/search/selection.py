"""Which candidates a study has, by the names and parts that it asks for."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from harness.errors import InputError
from harness.pruning import WIDENED_HEADS, Candidate
from harness.search.models import ModelShop
from harness.search.spec import NO_CUTS, TAILS, StudySpec


def asked_candidates(spec: StudySpec, shop: ModelShop) -> list[Candidate]:
    """The unpruned network, and every cut that the study asks for with every head, tail, width and seed.

    Raises:
        InputError: There is no such cut point.
    """
    tails = tuple(TAILS[tail] for tail in spec.tails)
    candidates = shop.candidates(spec.heads, tails, spec.widths, spec.seeds)
    known = dict.fromkeys(candidate.cut for candidate in candidates if candidate.cut)
    for cut in spec.cuts:
        if cut not in (*known, NO_CUTS):
            raise InputError(f"--cuts {cut}: no such cut point; {_near(cut, known)}")
    return [one for one in candidates if not spec.cuts or one.cut is None or one.cut in spec.cuts]


def channel_bases(spec: StudySpec, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates whose channels are pruned.

    Raises:
        InputError: One is not among the study's candidates.
    """
    known = {candidate.key: candidate for candidate in candidates}
    for name in spec.channels_after:
        if name not in known:
            raise InputError(
                f"--channels-after {name}: no such candidate in this search; {_near(name, known)}"
            )
    return [known[name] for name in spec.channels_after]


def width_bases(spec: StudySpec, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates whose heads are tried at other widths: each cut with each head that has one, and each tail.

    Raises:
        InputError: Widths are to be tried, and there is no such candidate.
    """
    if not spec.width_trials:
        return []
    found = {
        replace(one, width=1.0)
        for one in candidates
        if one.head in WIDENED_HEADS and one.seed == spec.seeds[0]
    }
    if not found:
        raise InputError(
            f"--width-trials {spec.width_trials}: no candidate of this search has a head with a width; give --cuts "
            f"and one of --heads {', '.join(WIDENED_HEADS)}"
        )
    return sorted(found, key=lambda one: one.key)


def _near(name: str, known: Iterable[str | None]) -> str:
    """What may have been meant."""
    names = [str(one) for one in known]
    near = difflib.get_close_matches(name, names, n=3)
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}"
