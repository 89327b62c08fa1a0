"""Latency by the device's own clock."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from harness.dut import Dut
from harness.errors import TimerError
from harness.units import cycles_to_us

# The device's microsecond stamps and its cycle counter must agree: both come from one timer.
_STAMP_TOLERANCE_US = 2.0


@dataclass(frozen=True)
class PerformanceRules:
    """How latency is measured: so many windows, each on another input, the median counts.

    Attributes:
        windows: Timed windows, as in EnergyRunner's five.
        iterations: Inferences in a window.
        warmup: Inferences before each window.
    """

    windows: int = 5
    iterations: int = 3
    warmup: int = 1


@dataclass(frozen=True)
class Performance:
    """Latency of one inference.

    Attributes:
        cycles: Core clock cycles, of the median window.
        clock_hz: Core clock.
        latency_us: Microseconds, of the median window.
        iterations: Inferences in a window.
        windows_us: Microseconds of one inference, for each window in order.
    """

    cycles: int
    clock_hz: int
    latency_us: float
    iterations: int
    windows_us: tuple[float, ...]


def measure_performance(
    dut: Dut, inputs: Sequence[bytes], rules: PerformanceRules, *, timeout_s: float = 120.0
) -> Performance:
    """Time inferences on the device.

    Args:
        dut: A device that runs an image of this harness.
        inputs: Samples as the device takes them; windows go through them in turn.
        rules: Windows, iterations, warm-up.
        timeout_s: What one window may take on the wall clock.

    Raises:
        TimerError: The clock stands still, or its stamps and its cycles disagree.
        LinkError: The line falls silent.
    """
    cycles: list[float] = []
    clock_hz = 0
    for window in range(rules.windows):
        dut.load(inputs[window % len(inputs)])
        reply = dut.infer(rules.iterations, rules.warmup, timeout_s)
        counted = dut.cycles()
        clock_hz = counted.clock_hz
        if counted.cycles == 0:
            raise TimerError(
                f"{dut.board}: the device's cycle counter stands still; the latency is not known"
            )
        if abs(cycles_to_us(counted.cycles, clock_hz) - reply.elapsed_us) > _STAMP_TOLERANCE_US:
            raise TimerError(
                f"{dut.board}: {counted.cycles} cycles at {clock_hz} Hz do not make the "
                f"{reply.elapsed_us} us between the device's time stamps"
            )
        cycles.append(counted.cycles / rules.iterations)
    median = statistics.median(cycles)
    return Performance(
        cycles=round(median),
        clock_hz=clock_hz,
        latency_us=median * 1e6 / clock_hz,
        iterations=rules.iterations,
        windows_us=tuple(value * 1e6 / clock_hz for value in cycles),
    )
