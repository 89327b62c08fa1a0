"""What is chosen among the candidates within the limits."""

from collections.abc import Iterable

from harness.store import Measurement

OBJECTIVES = ("latency", "flash", "accuracy", "pareto")
"""Least latency, least flash, most accuracy, or all that nothing beats in both latency and accuracy."""

Order = tuple[float, float, float, str]


def order(row: Measurement, objective: str) -> Order:
    """The smaller, the better; ties go to the faster, then the smaller image, then by name."""
    latency_us, flash_bytes = row.latency_us or 0.0, float(row.flash_bytes or 0)
    name = str(row.candidate)
    match objective:
        case "flash":
            return flash_bytes, latency_us, 0.0, name
        case "accuracy":
            return -(row.accuracy or 0.0), latency_us, flash_bytes, name
        case _:
            return latency_us, flash_bytes, 0.0, name


def cost(row: Measurement, objective: str) -> float:
    """What the untrained network tells of the objective: microseconds, or bytes of flash."""
    return float((row.flash_bytes if objective == "flash" else row.latency_us) or 0.0)


def front(rows: Iterable[Measurement]) -> list[Measurement]:
    """Those that no other is both at least as fast and as accurate as, fastest first."""
    best: list[Measurement] = []
    for row in sorted(
        rows, key=lambda row: (row.latency_us or 0.0, -(row.accuracy or 0.0), row.flash_bytes or 0)
    ):
        if not best or (row.accuracy or 0.0) > (best[-1].accuracy or 0.0):
            best.append(row)
    return best
