"""Picks a candidate for one board from measured rows. Pure: the same rows give the same choice."""

from collections.abc import Mapping

from harness.pruning.candidate import UNPRUNED
from harness.search.limits import Limits
from harness.store import Decision, Measurement
from harness.units import KIB, format_kib, format_percent, format_us

References = Mapping[int, float]
"""Number of samples -> accuracy in [0, 1] of the unpruned model on just those samples."""


def decide(board: str, rows: Mapping[str, Measurement], limits: Limits, references: References) -> Decision:
    """Choose the fastest candidate within the limits; of equally fast ones the smaller.

    Args:
        board: Name of the unit.
        rows: The measurement of each candidate on that unit, by candidate name.
        limits: What it must keep to.
        references: What the accuracy drop counts from: each row is held against the unpruned
            model on the same samples. Empty where that could not be measured anywhere.
    """
    verdicts = {name: _fault(row, limits, references) for name, row in rows.items()}
    feasible = [rows[name] for name, fault in verdicts.items() if fault is None]
    facts = {
        "limits": limits.to_json(),
        "reference_accuracy": references[max(references)] if references else None,
        "measured": sum(row.status == "ok" for row in rows.values()),
        "candidates": len(rows),
    }
    if not feasible:
        return Decision(
            candidate=None,
            sentence=f"No candidate meets the limits on {board}; loosen them or add heads.",
            verdicts={name: fault or "" for name, fault in verdicts.items()},
            facts=facts,
        )
    best = min(feasible, key=_order)
    texts = {
        name: fault or ("chosen" if name == best.candidate else _slower(rows[name], best))
        for name, fault in verdicts.items()
    }
    return Decision(
        candidate=best.candidate,
        sentence=_sentence(board, best, rows.get(UNPRUNED), len(feasible), references),
        verdicts=texts,
        facts=facts,
    )


def by_promise(rows: Mapping[str, Measurement], limits: Limits, references: References) -> list[str]:
    """Names of the candidates within the limits, best first."""
    feasible = [row for row in rows.values() if _fault(row, limits, references) is None]
    return [str(row.candidate) for row in sorted(feasible, key=_order)]


def _order(row: Measurement) -> tuple[float, int, str]:
    return row.latency_us or 0.0, row.flash_bytes or 0, str(row.candidate)


def _fault(row: Measurement, limits: Limits, references: References) -> str | None:
    """Why a candidate cannot be chosen, or None."""
    if row.status == "failed":
        return f"not measured: {row.failure}"
    if row.fits is False:
        return (
            f"needs {row.needed_bytes:,} bytes of {row.unfit_memory}, the board has {row.available_bytes:,}"
        )
    assert row.latency_us is not None and row.flash_bytes is not None and row.ram_bytes is not None
    if limits.max_latency_ms is not None and row.latency_us > limits.max_latency_ms * 1e3:
        return f"over {limits.max_latency_ms:g} ms"
    if limits.max_flash_kb is not None and row.flash_bytes > limits.max_flash_kb * KIB:
        return f"over {limits.max_flash_kb:g} KB of flash"
    if limits.max_ram_kb is not None and row.ram_bytes > limits.max_ram_kb * KIB:
        return f"over {limits.max_ram_kb:g} KB of RAM"
    if limits.min_accuracy is not None and (row.accuracy is None or row.accuracy < limits.min_accuracy):
        return f"accuracy under {format_percent(limits.min_accuracy)}"
    if limits.max_accuracy_drop is not None:
        if row.accuracy is None or row.samples is None or row.samples not in references:
            return "its accuracy drop is not known"
        drop = (references[row.samples] - row.accuracy) * 100
        if drop > limits.max_accuracy_drop + 1e-9:
            return f"{drop:.2f} points less accurate, {limits.max_accuracy_drop:g} allowed"
    return None


def _slower(row: Measurement, best: Measurement) -> str:
    assert row.latency_us is not None and best.latency_us is not None
    return f"within limits, {row.latency_us / best.latency_us:.2f} x the time"


def _sentence(
    board: str, best: Measurement, unpruned: Measurement | None, feasible: int, references: References
) -> str:
    assert best.latency_us is not None and best.flash_bytes is not None
    parts = [
        f"{best.candidate} is the fastest of {feasible} candidates within the limits on {board}: "
        f"{format_us(best.latency_us)}, {format_kib(best.flash_bytes)} of flash"
    ]
    if best.accuracy is not None:
        parts.append(f"{format_percent(best.accuracy)} of {best.samples} samples right")
    if unpruned is not None and unpruned.latency_us is not None and best.candidate != UNPRUNED:
        speed = unpruned.latency_us / best.latency_us
        parts.append(f"{speed:.2f} times as fast as the unpruned model")
    reference = references.get(best.samples or 0)
    if best.accuracy is not None and reference is not None and best.candidate != UNPRUNED:
        change = (best.accuracy - reference) * 100
        parts.append(f"{change:+.2f} points against it")
    return ", ".join(parts) + "."
