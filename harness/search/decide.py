"""Picks a candidate for one board from what was measured. Pure: the same evidence gives the same choice."""

from collections.abc import Mapping
from typing import Any

from harness.pruning import UNPRUNED
from harness.search.evidence import Evidence, Fault, Standard, find_fault
from harness.search.limits import Limits
from harness.search.objective import front, order
from harness.search.paired import measure_drop
from harness.store import Decision, Measurement
from harness.units import format_kib, format_percent, format_us

_MOST = {
    "latency": "the fastest",
    "flash": "the smallest",
    "accuracy": "the most accurate",
    "pareto": "the fastest",
}
_UNTRAINED = "not trained"


def decide(
    board: str, found: Mapping[str, Evidence], limits: Limits, objective: str, standard: Standard
) -> Decision:
    """Choose the best trained candidate within the limits, and say of each other one why it is not.

    Args:
        board: Name of the unit.
        found: What is known of each candidate on that unit, by its name.
        limits: What it must keep to.
        objective: One of `OBJECTIVES`.
        standard: What accuracy is held against.
    """
    faults = {name: find_fault(evidence, limits, standard) for name, evidence in found.items()}
    rows = {str(row.candidate): row for row in feasible(found, limits, objective, standard)}
    on_front = [str(row.candidate) for row in front(rows.values())]
    facts: dict[str, Any] = {
        "limits": limits.to_json(),
        "objective": objective,
        "reference_accuracy": standard.accuracy,
        "measured": sum(_is_measured(evidence) for evidence in found.values()),
        "candidates": len(found),
        "front": on_front,
        "evidence": {name: _facts(evidence, standard) for name, evidence in found.items()},
    }
    if not rows:
        return Decision(
            candidate=None,
            sentence=f"No candidate meets the limits on {board}{_nearest(faults)}.",
            verdicts={
                name: found[name].outdone or (fault.text if fault else _UNTRAINED)
                for name, fault in faults.items()
            },
            facts=facts,
        )
    best = min(rows.values(), key=lambda row: order(row, objective))
    texts = {}
    for name, evidence in found.items():
        fault = faults[name]
        if name == best.candidate:
            texts[name] = "chosen"
        elif evidence.outdone or fault:
            texts[name] = evidence.outdone or (fault.text if fault else "")
        elif evidence.row is None:
            texts[name] = _UNTRAINED
        elif objective == "pareto" and name in on_front:
            texts[name] = "on the front"
        else:
            texts[name] = "within limits, " + behind(rows[name], best, rows, objective)
    return Decision(
        candidate=best.candidate,
        sentence=_sentence(board, best, found, len(on_front), objective, standard),
        verdicts=texts,
        facts=facts,
    )


def feasible(
    found: Mapping[str, Evidence], limits: Limits, objective: str, standard: Standard
) -> list[Measurement]:
    """Rows of the trained candidates within the limits that nothing has outdone, best first."""
    rows = [
        evidence.row
        for evidence in found.values()
        if evidence.row and not evidence.outdone and find_fault(evidence, limits, standard) is None
    ]
    return sorted(rows, key=lambda row: order(row, objective))


def behind(row: Measurement, best: Measurement, rows: Mapping[str, Measurement], objective: str) -> str:
    """By what `row` is behind the best, or in a search for the front behind one that dominates it."""
    if objective == "flash":
        return f"{(row.flash_bytes or 0) / (best.flash_bytes or 1):.2f} x the flash"
    if objective == "accuracy" and row.accuracy != best.accuracy:
        return f"{((best.accuracy or 0) - (row.accuracy or 0)) * 100:.1f} points less accurate"
    if objective == "pareto":
        best = next(
            other
            for other in front(rows.values())
            if (other.latency_us or 0) <= (row.latency_us or 0)
            and (other.accuracy or 0) >= (row.accuracy or 0)
        )
        return f"{best.candidate} is as fast and as accurate"
    return f"{(row.latency_us or 0) / (best.latency_us or 1):.2f} x the time"


def _is_measured(evidence: Evidence) -> bool:
    return evidence.figures is not None and evidence.figures.status == "ok"


def _nearest(faults: Mapping[str, Fault | None]) -> str:
    """The candidate that misses a limit by least."""
    missed = {name: fault for name, fault in faults.items() if fault and fault.miss is not None}
    if not missed:
        return "; look at what failed"
    name = min(missed, key=lambda name: missed[name].miss or 0.0)
    return f"; the nearest is {name}: {missed[name].text}"


def _facts(evidence: Evidence, standard: Standard) -> dict[str, Any]:
    """A candidate's figures as JSON values."""
    row = evidence.figures
    if row is None:
        return {"trained": False}
    facts: dict[str, Any] = {
        "trained": evidence.row is not None,
        "timed_as": row.candidate,
        "latency_us": row.latency_us,
        "flash_bytes": row.flash_bytes,
        "ram_bytes": row.ram_bytes,
        "accuracy": row.accuracy,
    }
    if evidence.energy is not None:
        facts["energy_uj"] = evidence.energy.energy_uj
    if evidence.right is not None and standard.right is not None:
        drop = measure_drop(standard.right, evidence.right)
        facts |= {
            "drop_points": drop.share * 100,
            "drop_low_points": drop.low * 100,
            "drop_high_points": drop.high * 100,
            "samples": drop.samples,
        }
    if evidence.row and evidence.timing and evidence.timing.latency_us and evidence.row.latency_us:
        facts["trained_over_untrained"] = evidence.row.latency_us / evidence.timing.latency_us
    return facts


def _sentence(
    board: str,
    best: Measurement,
    found: Mapping[str, Evidence],
    on_front: int,
    objective: str,
    standard: Standard,
) -> str:
    assert best.latency_us is not None and best.flash_bytes is not None
    of = f" of {on_front} on the Pareto front" if objective == "pareto" else " candidate within the limits"
    parts = [
        f"{best.candidate} is {_MOST[objective]}{of} on {board}: "
        f"{format_us(best.latency_us)}, {format_kib(best.flash_bytes)} of flash"
    ]
    evidence = found[str(best.candidate)]
    if evidence.energy is not None and evidence.energy.energy_uj is not None:
        parts.append(f"{evidence.energy.energy_uj:,.1f} uJ")
    if best.accuracy is not None:
        parts.append(f"{format_percent(best.accuracy)} of {best.samples} samples right")
    unpruned = found[UNPRUNED].figures if UNPRUNED in found else None
    if unpruned is not None and unpruned.latency_us is not None and best.candidate != UNPRUNED:
        parts.append(f"{unpruned.latency_us / best.latency_us:.2f} times as fast as the unpruned model")
    if evidence.right is not None and standard.right is not None and best.candidate != UNPRUNED:
        drop = measure_drop(standard.right, evidence.right)
        parts.append(
            f"{-drop.share * 100:+z.2f} points against it ({-drop.high * 100:+z.1f} to {-drop.low * 100:+z.1f})"
        )
    return ", ".join(parts) + "."
