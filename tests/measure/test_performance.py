"""The rules of timing, on a device whose clock is known."""

import pytest

from harness.dut.events import Cycles, ImageInfo
from harness.dut.replies import InferReply
from harness.errors import TimerError
from harness.measure import MLPERF_TINY, PerformanceRules, measure_performance
from harness.measure.loading import StrictLoader


class Device:
    """Takes `us` microseconds an inference, one after the other of the given ones; 16 MHz.

    Its cycles are off by `drift` microseconds in the windows `drifts`, counted from 1; None for all.
    """

    board = "desk"

    def __init__(
        self, *us: int, extended: bool = True, drift: int = 0, drifts: set[int] | None = None
    ) -> None:
        self.us, self.extended, self.drift, self.drifts = us, extended, drift, drifts
        self.windows: list[tuple[int, int]] = []
        self.loaded: list[bytes] = []
        self._last = 0

    def info(self) -> ImageInfo | None:
        return ImageInfo("k", "m", "performance", 2, "b") if self.extended else None

    def load(self, sample: bytes) -> None:
        self.loaded.append(sample)

    def infer(self, iterations: int, warmup: int, timeout_s: float) -> InferReply:
        each = self.us[min(len(self.windows), len(self.us) - 1)]
        self.windows.append((iterations, warmup))
        self._last = each * iterations
        assert timeout_s >= 2 * self._last / 1e6
        begin = 2**32 - 100
        return InferReply(begin, (begin + self._last) % 2**32, iterations, [0.0])

    def cycles(self) -> Cycles:
        drift = self.drift if self.drifts is None or len(self.windows) in self.drifts else 0
        return Cycles((self._last + drift) * 16, 16_000_000)


INPUTS = [bytes([i]) for i in range(5)]


def test_mlperf_tiny_windows_are_ten_seconds_long_on_five_inputs() -> None:
    device = Device(61_000)
    found = measure_performance(device, INPUTS, MLPERF_TINY)
    first, *rest = device.windows
    assert first == (1, 10)
    assert len(rest) == 5 and set(rest) == {(found.iterations, 10)}
    assert found.iterations * 61_000 >= 10_000_000
    assert device.loaded == [INPUTS[0], *INPUTS]
    assert found.latency_us == 61_000
    assert found.windows_us == (61_000,) * 5
    assert found.cycles == 976_000
    assert found.rules == "mlperf-tiny"


def test_slow_models_run_ten_times_all_the_same() -> None:
    assert measure_performance(Device(3_000_000), INPUTS, MLPERF_TINY).iterations == 10


def test_windows_that_turn_out_short_are_measured_anew() -> None:
    device = Device(100_000, 80_000)  # the first inference was slower than the rest
    found = measure_performance(device, INPUTS, MLPERF_TINY)
    assert found.iterations * 80_000 >= 10_000_000
    assert found.windows_us == (80_000,) * 5


def test_a_clock_that_runs_faster_and_faster_is_not_believed() -> None:
    with pytest.raises(TimerError, match="does not run evenly"):
        measure_performance(Device(100_000, 50_000, 25_000, 10_000), INPUTS, MLPERF_TINY)


def test_the_median_counts_and_the_spread_is_told() -> None:
    found = measure_performance(Device(100, 102, 110, 101, 103), INPUTS, PerformanceRules())
    assert found.latency_us == 102
    assert found.spread == pytest.approx(10 / 102)
    assert found.rules == "quick"


def test_a_stranger_s_device_gives_stamps_only() -> None:
    found = measure_performance(Device(500, extended=False), INPUTS, PerformanceRules())
    assert (found.latency_us, found.cycles, found.clock_hz) == (500, None, None)


@pytest.mark.parametrize(
    ("device", "says"), [(Device(0), "stands still"), (Device(50, drift=9), "do not make")]
)
def test_clocks_that_cannot_be_believed(device: Device, says: str) -> None:
    with pytest.raises(TimerError, match=says):
        measure_performance(device, INPUTS, PerformanceRules())


def test_a_window_whose_clocks_disagree_is_timed_once_more() -> None:
    device = Device(500, drift=9, drifts={2})
    loader = StrictLoader(device)
    found = measure_performance(device, INPUTS, PerformanceRules(), loader=loader)
    assert found.windows_us == (500,) * 5
    assert device.loaded == [INPUTS[0], INPUTS[1], INPUTS[1], *INPUTS[2:]]
    assert loader.retries == 1


def test_a_window_whose_clocks_disagree_twice_is_not_believed() -> None:
    device = Device(500, drift=9, drifts={2, 3})
    with pytest.raises(TimerError, match="do not make"):
        measure_performance(device, INPUTS, PerformanceRules())
    assert len(device.windows) == 3
