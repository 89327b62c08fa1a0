"""Energy of an inference, between the falling edges of the time stamp's pin."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.dut import Dut
from harness.errors import MeterError
from harness.measure.loader import Loader
from harness.measure.meters import Meter, Window
from harness.measure.performance import PerformanceRules

# Windows are made this much longer than they must be, as no two take quite the same.
_MARGIN = 1.05
# A first window at least this long tells how long an inference takes.
_CALIBRATION_S = 0.25
_GROWTH = 8
_TRIES = 3
_TIMEOUT_S = 120.0
# A virtual board may be slower than the one it stands for, and share the computer with others.
_SLOWNESS = 20.0


@dataclass(frozen=True)
class Energy:
    """Energy of one inference.

    Attributes:
        energy_uj: Microjoules, of the median window.
        power_uw: Mean power of that window in microwatts.
        latency_us: Microseconds of one inference by the meter's clock, of that window.
        iterations: Inferences in a window.
        windows_uj: Microjoules of one inference, for each window in order.
        rules: Name of the rules.
    """

    energy_uj: float
    power_uw: float
    latency_us: float
    iterations: int
    windows_uj: tuple[float, ...]
    rules: str

    @property
    def spread(self) -> float:
        """Difference between the largest and the smallest window, as a share of the median."""
        return (max(self.windows_uj) - min(self.windows_uj)) / self.energy_uj


def measure_energy(
    dut: Dut,
    meter: Meter,
    inputs: Sequence[bytes],
    rules: PerformanceRules,
    *,
    loader: Loader,
    detach: Callable[[], None] = lambda: None,
    on_window: Callable[[int], None] = lambda done: None,
) -> Energy:
    """Measure the energy of inferences.

    Args:
        dut: The device, with firmware for energy mode.
        meter: The meter in its supply.
        inputs: Input tensors as bytes; windows go through them in turn.
        rules: Windows, iterations, warm-up; a window's length is by the meter's clock.
        loader: How inputs get into the device.
        detach: Lets go of the debug probe, which would feed the board while a window is recorded.
        on_window: Called with the number of windows done.

    Raises:
        MeterError: The meter does not do its part, or windows are shorter than the rules allow.
        LinkError: The line falls silent.
    """

    def record(index: int, iterations: int, warmup: int, timeout_s: float) -> Window:
        loader.load(inputs[index % len(inputs)])
        detach()
        # Warm-up runs have no edges of their own, so they may be recorded too.
        meter.start()
        dut.infer_marked(iterations, warmup, timeout_s)
        found = meter.stop().windows(meter.name)
        if len(found) != 1:
            raise MeterError(meter.name, f"{2 * len(found)} falling edges in one window of the device, not 2")
        return found[0]

    iterations, timeout_s = rules.iterations, _TIMEOUT_S
    if rules.window_s:
        seconds = _calibrate(record, rules)
        iterations = max(rules.iterations, math.ceil(_MARGIN * rules.window_s / seconds))
        timeout_s = max(timeout_s, _SLOWNESS * (iterations + rules.warmup) * seconds)
    windows: list[Window] = []
    tries = 0
    while len(windows) < rules.windows:
        window = record(len(windows), iterations, rules.warmup, timeout_s)
        if window.seconds >= rules.window_s:
            windows.append(window)
            on_window(len(windows))
            continue
        tries += 1
        if tries == _TRIES:
            raise MeterError(
                meter.name,
                f"{iterations} inferences took less than {rules.window_s:g} s by its clock in {tries} tries",
            )
        iterations = math.ceil(_MARGIN * rules.window_s * iterations / window.seconds)
        windows.clear()  # all have the same number of iterations
    return _summary(windows, iterations, rules.name)


def _calibrate(record: Callable[[int, int, int, float], Window], rules: PerformanceRules) -> float:
    """Seconds of one inference, roughly."""
    iterations = 1
    while True:
        try:
            window = record(0, iterations, rules.warmup, _TIMEOUT_S)
        except MeterError:
            # An inference shorter than a sample puts both edges into one.
            if iterations > 1:
                raise
            window = None
        if window is not None and window.seconds >= _CALIBRATION_S:
            return window.seconds / iterations
        iterations *= _GROWTH


def _summary(windows: Sequence[Window], iterations: int, rules: str) -> Energy:
    median = statistics.median_low(sorted(window.energy_uj for window in windows))
    middle = next(window for window in windows if window.energy_uj == median)
    return Energy(
        energy_uj=middle.energy_uj / iterations,
        power_uw=middle.power_uw,
        latency_us=middle.seconds * 1e6 / iterations,
        iterations=iterations,
        windows_uj=tuple(window.energy_uj / iterations for window in windows),
        rules=rules,
    )
