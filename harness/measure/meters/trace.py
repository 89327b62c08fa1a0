"""What a meter recorded: energy sample by sample, and where the pin fell."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.errors import MeterError

LEAST_EDGES = 2


@dataclass(frozen=True)
class Window:
    """What a device took between two falling edges.

    Attributes:
        energy_uj: Energy in microjoules.
        seconds: Length by the meter's clock.
    """

    energy_uj: float
    seconds: float

    @property
    def power_uw(self) -> float:
        """Mean power in microwatts."""
        return self.energy_uj / self.seconds


@dataclass(frozen=True)
class Trace:
    """Evenly spaced samples of one recording.

    Attributes:
        sample_hz: Samples a second.
        energy_uj: Energy of each sample in microjoules, shape `(n,)`; NaN where the meter lost it.
        edges: Falling edges of the time stamp's pin, each as the number of samples before it, in order; a
            fraction where the meter resolves an edge finer than its samples.
    """

    sample_hz: float
    energy_uj: npt.NDArray[np.float64]
    edges: tuple[float, ...]

    def windows(self, meter: str) -> list[Window]:
        """What lies between the first and second edge, the third and fourth, and so on.

        Args:
            meter: The meter's name, for messages.

        Raises:
            MeterError: The edges do not pair, samples are missing between two of them, or they coincide.
        """
        if len(self.edges) < LEAST_EDGES or len(self.edges) % 2:
            raise MeterError(
                meter,
                f"{len(self.edges)} falling edges where windows need pairs; check the wire from the board's "
                "time stamp pin to the meter's input, and that the image was built for energy mode",
            )
        return [self._window(meter, *pair) for pair in zip(self.edges[::2], self.edges[1::2], strict=True)]

    def _window(self, meter: str, begin: float, end: float) -> Window:
        if end <= begin:
            raise MeterError(meter, "two falling edges within one sample; let the window be longer")
        within = np.arange(int(begin), min(int(np.ceil(end)), len(self.energy_uj)))
        # Of the samples at the ends only the part that is inside.
        share = np.minimum(end, within + 1.0) - np.maximum(begin, within)
        samples = self.energy_uj[within]
        if lost := int(np.isnan(samples).sum()):
            raise MeterError(
                meter, f"{lost} samples were lost in a window; use a shorter cable or a lower sample rate"
            )
        return Window(float(share @ samples), (end - begin) / self.sample_hz)
