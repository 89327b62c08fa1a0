"""Measured figures as columns of a row."""

from typing import Any

from harness.measure import Accuracy, AnomalyScores, Energy, Performance
from harness.measure.meters import Meter
from harness.store import Store


def latency_figures(performance: Performance) -> dict[str, Any]:
    """What any device's windows tell."""
    return {
        "latency_us": performance.latency_us,
        "iterations": performance.iterations,
        "windows_us": performance.windows_us,
        "rules": performance.rules,
        "spread": performance.spread,
    }


def energy_figures(energy: Energy, meter: Meter) -> dict[str, Any]:
    """What a meter tells of windows; latency is not among it, whose clock is the device's."""
    return {
        "energy_uj": energy.energy_uj,
        "power_uw": energy.power_uw,
        "windows_uj": energy.windows_uj,
        "iterations": energy.iterations,
        "rules": energy.rules,
        "spread": energy.spread,
        "meter": meter.name + (" (simulated)" if meter.simulated else ""),
        "supply_mv": meter.supply_mv,
    }


def accuracy_figures(store: Store, accuracy: Accuracy, scores: AnomalyScores | None) -> dict[str, Any]:
    """Top-1 and AUC, or the AUC alone where whole files are scored; the answers are kept as an artifact.

    Args:
        store: Where the answers go.
        accuracy: What the device answered.
        scores: Of the files that the samples are windows of, if they are.
    """
    figures: dict[str, Any] = {
        "samples": accuracy.samples,
        "outputs_sha256": store.artifacts.put(accuracy.to_csv().encode(), ".csv"),
    }
    if scores is None:
        low, high = accuracy.interval
        figures |= {
            "accuracy": accuracy.accuracy,
            "accuracy_low": low,
            "accuracy_high": high,
            "correct": accuracy.correct,
        }
    scored = scores or accuracy
    auc_low, auc_high = scored.auc_interval or (None, None)
    return {**figures, "auc": scored.auc, "auc_low": auc_low, "auc_high": auc_high}
