"""What is known of a candidate on a board, and which limit it breaks first."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harness.search.limits import Limits
from harness.search.paired import Drop, DropTest, Flags, Side, measure_drop
from harness.store import Measurement
from harness.units import KIB, format_kib, format_percent, format_us

TOLERANCE = 0.02
"""By how much, as a share, the figures of an untrained network may differ from those of the trained one: what is over a
limit or behind another candidate by less is trained all the same."""


@dataclass(frozen=True)
class Evidence:
    """What was measured of a candidate on one board.

    Attributes:
        timing: Row of the untrained network of its shape.
        row: Row of the trained candidate.
        right: Which samples it answered rightly, in the order asked, bool `[n]`.
        energy: Row of the energy of an inference, of the trained network where there is one.
        outdone: By which candidate it is beaten, so that no more was measured of it.
    """

    timing: Measurement | None = None
    row: Measurement | None = None
    right: Flags | None = None
    energy: Measurement | None = None
    outdone: str | None = None

    @property
    def figures(self) -> Measurement | None:
        """The row that latency and memory are from: the trained network's, else the untrained one's."""
        return self.row or self.timing


@dataclass(frozen=True)
class Standard:
    """What accuracy is held against.

    Attributes:
        right: Which of all samples the unpruned model answers rightly, bool `[n]`; None where no board could ask it.
        samples: Samples in all.
    """

    right: Flags | None
    samples: int

    @cached_property
    def other(self) -> Flags:
        """As `right`; where it is not known, of a model that answers everything rightly."""
        return self.right if self.right is not None else np.ones(self.samples, np.bool_)

    @property
    def accuracy(self) -> float | None:
        """Of the unpruned model on all samples."""
        return None if self.right is None else float(self.right.mean())

    def allowed(self, limits: Limits) -> float | None:
        """The largest drop from `other` within the limits, a share; None where accuracy has no limit.

        Raises:
            LookupError: The limit counts from the unpruned model, whose accuracy is not known.
        """
        bounds = []
        if limits.max_accuracy_drop is not None:
            if self.right is None:
                raise LookupError
            bounds.append(limits.max_accuracy_drop / 100)
        if limits.min_accuracy is not None:
            bounds.append(float(self.other.mean()) - limits.min_accuracy)
        return min(bounds, default=None)


@dataclass(frozen=True)
class Fault:
    """A limit that is broken, or another reason why a candidate cannot be chosen.

    Attributes:
        text: For people, in a few words.
        miss: By how much, as a share of the limit or of the samples; None where no limit is to blame.
    """

    text: str
    miss: float | None = None


def find_fault(
    evidence: Evidence, limits: Limits, standard: Standard, tolerance: float = TOLERANCE
) -> Fault | None:
    """The first limit that the candidate breaks: memory there is, latency, flash, RAM, energy, accuracy.

    A candidate that is not trained may be over a limit by `tolerance`, a share.
    """
    row = evidence.figures
    if row is None:
        return Fault("not measured")
    if row.status == "failed":
        return Fault(f"not measured: {row.failure}")
    slack = 0.0 if evidence.row else tolerance
    fault = _resource_fault(row, limits, slack) or _energy_fault(evidence.energy, limits, slack)
    if fault or evidence.row is None:
        return fault
    return accuracy_fault(evidence, limits, standard)


def accuracy_fault(evidence: Evidence, limits: Limits, standard: Standard) -> Fault | None:
    """Whether the answers of a trained candidate break a limit on accuracy."""
    if not limits.on_accuracy:
        return None
    try:
        allowed = standard.allowed(limits)
    except LookupError:
        return Fault("its accuracy drop is not known: the unpruned model fits no board of this search")
    if evidence.right is None or allowed is None:
        return Fault("its accuracy is not known")
    drop = measure_drop(standard.other, evidence.right)
    if not _is_above(drop, standard.other, evidence.right, allowed):
        return None
    return Fault(_drop_text(drop, limits, standard, allowed), drop.share - allowed)


def _is_above(drop: Drop, other: Flags, right: Flags, allowed: float) -> bool:
    """Decided by the test where that stopped the asking; else by the samples asked."""
    side = decided(other, right, allowed) if drop.samples < drop.of else None
    return side == "above" if side else drop.share > allowed + 1e-9


def decided(other: Flags, right: Flags, bound: float) -> Side | None:
    """What the sequential test says after these answers."""
    test = DropTest(other, bound)
    for answer in right:
        if test.add(bool(answer)):
            break
    return test.side


def _drop_text(drop: Drop, limits: Limits, standard: Standard, allowed: float) -> str:
    asked = f" on {drop.samples} samples" if drop.samples < drop.of else ""
    if limits.max_accuracy_drop is not None and allowed * 100 >= limits.max_accuracy_drop - 1e-9:
        return f"{drop.points} points less accurate{asked}, {limits.max_accuracy_drop:g} allowed"
    assert limits.min_accuracy is not None
    whole = float(standard.other.mean())
    low, high = (max(0.0, whole - drop.high) * 100, min(1.0, whole - drop.low) * 100)
    return (
        f"accuracy {(whole - drop.share) * 100:.1f} % ({low:.1f} to {high:.1f}){asked}, "
        f"{format_percent(limits.min_accuracy)} asked"
    )


def _resource_fault(row: Measurement, limits: Limits, slack: float) -> Fault | None:
    if row.fits is False:
        needed, available = row.needed_bytes or 0, row.available_bytes or 1
        return Fault(
            f"needs {needed:,} bytes of {row.unfit_memory}, the board has {available:,}",
            needed / available - 1,
        )
    assert row.latency_us is not None and row.flash_bytes is not None and row.ram_bytes is not None
    checks = (
        (row.latency_us, limits.max_latency_ms, 1e3, "{:g} ms", format_us(row.latency_us)),
        (row.flash_bytes, limits.max_flash_kb, KIB, "{:g} KB of flash", format_kib(row.flash_bytes)),
        (row.ram_bytes, limits.max_ram_kb, KIB, "{:g} KB of RAM", format_kib(row.ram_bytes)),
    )
    for value, limit, unit, name, text in checks:
        if limit is not None and value > limit * unit * (1 + slack):
            return Fault(f"{text}, over {name.format(limit)}", value / max(limit * unit, 1e-9) - 1)
    return None


def _energy_fault(row: Measurement | None, limits: Limits, slack: float) -> Fault | None:
    limit = limits.max_energy_uj
    if limit is None or row is None:
        return None
    if row.status == "failed":
        return Fault(f"energy not measured: {row.failure}")
    if row.energy_uj is None:
        return Fault("its energy is not known")
    if row.energy_uj <= limit * (1 + slack):
        return None
    return Fault(f"{row.energy_uj:,.1f} uJ, over {limit:g} uJ", row.energy_uj / max(limit, 1e-9) - 1)
