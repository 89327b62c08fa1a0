"""What two rows differ in: figures with their change, and what may have caused it."""

from dataclasses import dataclass

from harness.store.measurements import COLUMNS, Measurement

FIGURES = (
    "latency_us",
    "cycles",
    "flash_bytes",
    "ram_bytes",
    "stack_used_bytes",
    "macs",
    "accuracy",
    "auc",
    "energy_uj",
    "power_uw",
)
"""Columns that are measured."""

CAUSES = (
    "model_sha256",
    "image_sha256",
    "compiler",
    "flags",
    "clock_hz",
    "wait_states",
    "padding_bytes",
    "whole",
    "load",
    "rules",
    "probe",
    "harness_version",
)
"""Columns that say under what conditions it was measured, the likeliest cause of a change first."""

_IDENTITY = ("id", "created_utc", "run_id", "study", "build_id", "outputs_sha256", "layers_sha256")


@dataclass(frozen=True)
class Difference:
    """One column that differs.

    Attributes:
        column: Its name.
        first: Value in the first row.
        second: Value in the second row.
        change_percent: Change of a figure in percent of the first value; None where there is none.
    """

    column: str
    first: object
    second: object
    change_percent: float | None


def differences(first: Measurement, second: Measurement) -> list[Difference]:
    """Every column that differs, but those that differ between any two rows; figures first, then causes."""
    rest = [name for name in COLUMNS if name not in (*FIGURES, *CAUSES, *_IDENTITY)]
    return [
        Difference(name, before, now, _change_percent(before, now) if name in FIGURES else None)
        for name in (*FIGURES, *CAUSES, *rest)
        if (before := getattr(first, name)) != (now := getattr(second, name))
    ]


def causes(first: Measurement, second: Measurement) -> list[Difference]:
    """What differs in how the two were made and measured, and not in the outcome.

    The probe of a virtual board is a new one each time it is started, and causes nothing.
    """
    chosen = [name for name in CAUSES if name != "probe" or not (first.virtual and second.virtual)]
    return [found for found in differences(first, second) if found.column in chosen]


def _change_percent(before: float | None, now: float | None) -> float | None:
    return None if before is None or now is None or not before else (now / before - 1) * 100
