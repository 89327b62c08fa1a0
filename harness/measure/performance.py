"""Latency by the device's own clock."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.dut import Dut
from harness.errors import TimerError
from harness.measure.loader import Loader
from harness.measure.loading import StrictLoader
from harness.measure.window import Stopwatch, Window

SPREAD_LIMIT = 0.01
"""Largest difference between windows, as a share of the median, that is not worth a remark."""

# Windows are made this much longer than they must be, as no two take quite the same.
_MARGIN = 1.05
_TRIES = 3
# A virtual board may be slower than the one it stands for, and share the computer with others.
_SLOWNESS = 20.0
_LEAST_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class PerformanceRules:
    """How latency is measured: so many windows, each on another input, the median counts.

    Attributes:
        windows: Timed windows, as in EnergyRunner's five.
        iterations: Inferences in a window, or the least number of them where `window_s` asks for more.
        warmup: Inferences before each window.
        window_s: Least length of a window by the device's clock; 0 for any.
        name: What a row says of them.
    """

    windows: int = 5
    iterations: int = 3
    warmup: int = 1
    window_s: float = 0.0
    name: str = "quick"


MLPERF_TINY = PerformanceRules(windows=5, iterations=10, warmup=10, window_s=10.0, name="mlperf-tiny")
"""MLPerf Tiny's rules: five windows on five inputs, each at least ten seconds and ten inferences long."""


@dataclass(frozen=True)
class Performance:
    """Latency of one inference.

    Attributes:
        cycles: Core clock cycles, of the median window; None where the device does not tell them.
        clock_hz: Core clock; None where the device does not tell it.
        latency_us: Microseconds, of the median window.
        iterations: Inferences in a window.
        windows_us: Microseconds of one inference, for each window in order.
        rules: Name of the rules.
    """

    cycles: int | None
    clock_hz: int | None
    latency_us: float
    iterations: int
    windows_us: tuple[float, ...]
    rules: str = "quick"

    @property
    def spread(self) -> float:
        """Difference between the slowest and the fastest window, as a share of the median."""
        return (max(self.windows_us) - min(self.windows_us)) / self.latency_us


def measure_performance(
    dut: Dut,
    inputs: Sequence[bytes],
    rules: PerformanceRules,
    *,
    loader: Loader | None = None,
    timeout_s: float = _LEAST_TIMEOUT_S,
    on_window: Callable[[int], None] = lambda done: None,
) -> Performance:
    """Time inferences on the device.

    Args:
        dut: The device.
        inputs: Input tensors as bytes; windows go through them in turn.
        rules: Windows, iterations, warm-up.
        loader: How inputs get there; by plain `db` commands where it is None.
        timeout_s: What one window may take on the wall clock, if the rules do not make it longer.
        on_window: Called with the number of windows done.

    Raises:
        TimerError: The clock stands still, or its stamps and its cycles disagree twice.
        LinkError: The line falls silent.
    """
    loader = loader or StrictLoader(dut)
    stopwatch = Stopwatch(dut, loader, rules.warmup)
    iterations = rules.iterations
    if rules.window_s:
        first = stopwatch.time(inputs[0], 1, timeout_s)
        iterations = max(rules.iterations, math.ceil(_MARGIN * rules.window_s * 1e6 / first.us))
        timeout_s = max(timeout_s, _SLOWNESS * (iterations + rules.warmup) * first.us / 1e6)
    windows: list[Window] = []
    tries = 0
    while len(windows) < rules.windows:
        window = stopwatch.time(inputs[len(windows) % len(inputs)], iterations, timeout_s)
        short = window.us * iterations < rules.window_s * 1e6
        if not short:
            windows.append(window)
            on_window(len(windows))
            continue
        tries += 1
        if tries == _TRIES:
            raise TimerError(
                f"{dut.board}: {iterations} inferences took less than {rules.window_s:g} s by the device's clock "
                f"in {tries} tries, {window.us:.1f} us each; its clock does not run evenly"
            )
        iterations = math.ceil(_MARGIN * rules.window_s * 1e6 / window.us)
        windows.clear()  # all have the same number of iterations
    return _summary(windows, iterations, rules.name)


def _summary(windows: Sequence[Window], iterations: int, rules: str) -> Performance:
    cycles = [window.cycles for window in windows if window.cycles is not None]
    return Performance(
        cycles=round(statistics.median(cycles)) if cycles else None,
        clock_hz=windows[0].clock_hz,
        latency_us=statistics.median(window.us for window in windows),
        iterations=iterations,
        windows_us=tuple(window.us for window in windows),
        rules=rules,
    )
