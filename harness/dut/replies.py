"""Answers of a device that take several lines."""

from dataclasses import dataclass

_CLOCK_WRAP_US = 2**32


@dataclass(frozen=True, slots=True)
class Boot:
    """How a device announced itself after reset.

    Attributes:
        mode: `performance` or `energy`; None where its first line was lost.
        chatter: Lines beside the protocol, in order.
    """

    mode: str | None
    chatter: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProfileReply:
    """What `profile` answers: protocol name and model id."""

    profile: str
    model_id: str


@dataclass(frozen=True, slots=True)
class InferReply:
    """One timed window.

    Attributes:
        t0_us: Device clock before the first inference, in microseconds.
        t1_us: Device clock after the last.
        iterations: Inferences in the window.
        results: Dequantised outputs of the last inference.
    """

    t0_us: int
    t1_us: int
    iterations: int
    results: list[float]

    @property
    def elapsed_us(self) -> int:
        """Length of the window; the clock may wrap once at 32 bits (after 71.6 minutes)."""
        elapsed = self.t1_us - self.t0_us
        return elapsed if elapsed >= 0 else elapsed + _CLOCK_WRAP_US

    @property
    def latency_us(self) -> float:
        """Microseconds an inference."""
        return self.elapsed_us / self.iterations
