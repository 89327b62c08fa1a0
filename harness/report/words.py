"""Figures and limits as words, the same in the report and in the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness.report.views import CandidateView
from harness.units import format_kib, format_us

DASH = "\N{EN DASH}"


def limit_phrases(limits: Mapping[str, Any]) -> list[str]:
    """The limits, each as a phrase that can follow "with": `latency up to 100 ms`."""
    phrases = {
        "max_latency_ms": "latency up to {:g} ms",
        "max_flash_kb": "flash up to {:g} KB",
        "max_ram_kb": "RAM up to {:g} KB",
        "min_accuracy": "accuracy from {:.2%}",
        "max_accuracy_drop": "accuracy within {:g} points of the unpruned model",
    }
    found = [
        phrases[name].format(value) if name in phrases else f"{name.replace('_', ' ')} {value}"
        for name, value in limits.items()
    ]
    return [phrase.replace(" 1 points ", " 1 point ") for phrase in found]


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def latency(view: CandidateView) -> str:
    """Latency of one inference."""
    return DASH if view.latency_us is None else format_us(view.latency_us)


def accuracy(view: CandidateView) -> str:
    """Accuracy in percent, without its interval."""
    row = view.accuracy
    return DASH if row is None or row.accuracy is None else f"{row.accuracy * 100:.2f} %"


def margin(view: CandidateView) -> str:
    """The accuracy's interval in percent, `88.8 to 92.4`; empty where it has none."""
    row = view.accuracy
    if row is None or row.accuracy_low is None or row.accuracy_high is None:
        return ""
    return f"{row.accuracy_low * 100:.1f} to {row.accuracy_high * 100:.1f}"


def macs(view: CandidateView) -> str:
    """Multiply-accumulates of one inference, in millions."""
    row = view.newest
    return DASH if row is None or row.macs is None else f"{row.macs / 1e6:.3f} M"


def size(view: CandidateView, memory: str) -> str:
    """What it needs of `flash` or `ram`."""
    size_bytes = view.size_bytes(memory)
    return DASH if size_bytes is None else format_kib(size_bytes)
