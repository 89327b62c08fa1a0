"""How a model is measured."""

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.measure import GivenSamples, PerformanceRules
from harness.measure.loader import Output
from harness.store import Store
from harness.tasks import Split

MODES = ("performance", "accuracy", "memory", "energy", "profile")

Progress = Callable[[str, int, int], None]
"""Called with a phase (`build`, `flash`, `latency`, `accuracy`, `energy`), steps done and steps in all."""

Enough = Callable[[int, Output], bool]
"""Called with each sample's number from 0 and the answer to it; True ends the asking. Number 0 begins anew."""


def never_enough(sample: int, output: Output) -> bool:
    """Asks for every sample."""
    return False


@dataclass(frozen=True)
class Settings:
    """How a model is measured.

    Attributes:
        store: Where rows and artifacts go.
        toolchain: `"zig"` or `"gcc"`.
        rules: How latency is measured.
        samples: Labelled samples for accuracy; None for latency and memory only.
        split: Name of the split they are from.
        layers: Whether each layer is timed too.
        mode: One of `MODES`; None for latency, and accuracy where there are samples.
        load: How samples get into the device; None for the fastest way.
        most: How many of the samples are asked at most, the first ones; None for all.
        stops: Whether asking may stop earlier, so that a row of fewer samples is whole.
    """

    store: Store
    toolchain: str = "zig"
    rules: PerformanceRules = field(default_factory=PerformanceRules)
    samples: Split | GivenSamples | None = None
    split: str | None = None
    layers: bool = False
    mode: str | None = None
    load: str | None = None
    most: int | None = None
    stops: bool = False

    @property
    def asked(self) -> int | None:
        """Samples that a run asks at most; None where it asks none."""
        if self.samples is None or self.mode not in (None, "accuracy"):
            return None
        return min(len(self.samples), self.most or len(self.samples))
