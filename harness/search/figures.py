"""Measured figures as columns of a row."""

from typing import Any

from harness.measure import Accuracy, AnomalyScores, Performance
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
