"""The newest row of a job on a board against its history. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from harness.measure import wilson_interval
from harness.nightly.plan import Thresholds
from harness.store import Measurement
from harness.store.difference import causes
from harness.units import format_kib, format_percent, format_us


@dataclass(frozen=True)
class Regression:
    """One figure that is worse than its history by more than the threshold.

    Attributes:
        quantity: `latency`, `flash`, `RAM`, `accuracy` or `fit`.
        sentence: What it was, what it is, what would have been allowed.
    """

    quantity: str
    sentence: str


def compare(latest: Measurement, history: Sequence[Measurement], thresholds: Thresholds) -> list[Regression]:
    """What got worse.

    Each figure is held against the median of the last `thresholds.history` rows that have it. A figure
    without history passes.

    Args:
        latest: The new row.
        history: Good rows of the same job, board and mode before it, oldest first.
        thresholds: What is allowed.
    """
    if latest.fits is False:
        return [_does_not_fit(latest)] if any(row.fits is not False for row in history) else []
    found = [
        _larger("latency", latest, history, thresholds, thresholds.latency_percent, _latency_us, format_us),
        _larger("flash", latest, history, thresholds, thresholds.flash_bytes_percent, _flash_bytes, _kib),
        _larger("RAM", latest, history, thresholds, thresholds.ram_bytes_percent, _ram_bytes, _kib),
        _less_accurate(latest, history, thresholds),
    ]
    return [regression for regression in found if regression is not None]


def suspects(
    latest: Measurement, revision: str | None, before: Measurement, revision_before: str | None
) -> str:
    """What differs between a row and the last good one before it, for people.

    Args:
        latest: The row that is worse.
        revision: Git commit of its night's plan.
        before: The last good row.
        revision_before: Git commit of that night's plan.
    """
    changes = [
        f"{item.column} {_short(item.first)} -> {_short(item.second)}" for item in causes(before, latest)
    ]
    if revision != revision_before:
        changes.insert(0, f"commit {_short(revision_before)} -> {_short(revision)}")
    since = f"since row {before.id} of {before.created_utc[:10]}"
    return f"{since}: {', '.join(changes) or 'the same image; look at the board'}"


def _short(value: object) -> str:
    text = "unknown" if value is None else str(value)
    return text[:12] if len(text) in (40, 64) and text.isalnum() else text


def _larger(
    quantity: str,
    latest: Measurement,
    history: Sequence[Measurement],
    thresholds: Thresholds,
    allowed_percent: float,
    figure: Callable[[Measurement], float | None],
    text: Callable[[float], str],
) -> Regression | None:
    now = figure(latest)
    known = [value for row in history if (value := figure(row)) is not None][-thresholds.history :]
    if now is None or not known:
        return None
    before = median(known)
    if before <= 0 or now <= before * (1 + allowed_percent / 100):
        return None
    change = (now / before - 1) * 100
    return Regression(
        quantity,
        f"{quantity} {text(now)}, was {text(before)}: {change:+.1f} %, {allowed_percent:g} % allowed",
    )


def _less_accurate(
    latest: Measurement, history: Sequence[Measurement], thresholds: Thresholds
) -> Regression | None:
    if latest.accuracy is None or latest.samples is None:
        return None
    # Accuracies compare only on the same samples.
    known = [
        row.accuracy
        for row in history
        if row.accuracy is not None and (row.split, row.samples) == (latest.split, latest.samples)
    ][-thresholds.history :]
    if not known:
        return None
    before = median(known)
    drop_points = (before - latest.accuracy) * 100
    low, high = wilson_interval(round(latest.accuracy * latest.samples), latest.samples)
    if drop_points <= thresholds.accuracy_points + 1e-9 or high >= before:
        return None
    return Regression(
        "accuracy",
        f"accuracy {format_percent(latest.accuracy)} (95 % interval {format_percent(low)} to "
        f"{format_percent(high)}), was {format_percent(before)}: {-drop_points:+.2f} points, "
        f"{thresholds.accuracy_points:g} allowed",
    )


def _does_not_fit(latest: Measurement) -> Regression:
    return Regression(
        "fit",
        f"no longer fits: needs {latest.needed_bytes or 0:,} bytes of {latest.unfit_memory}, "
        f"the board has {latest.available_bytes or 0:,}",
    )


def _latency_us(row: Measurement) -> float | None:
    return row.latency_us


def _flash_bytes(row: Measurement) -> float | None:
    return row.flash_bytes


def _ram_bytes(row: Measurement) -> float | None:
    return row.ram_bytes


def _kib(size_bytes: float) -> str:
    return format_kib(round(size_bytes))
