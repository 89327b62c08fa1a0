"""One timed window: so many inferences between two stamps of the device's own clock."""

from dataclasses import dataclass

from harness.dut import Dut
from harness.errors import TimerError
from harness.measure.loader import Loader
from harness.units import cycles_to_us

# The device's microsecond stamps and its cycle counter must agree: both come from one timer.
_STAMP_TOLERANCE_US = 2.0


@dataclass(frozen=True)
class Window:
    """One inference of a window: microseconds, cycles where the device tells them, at which clock."""

    us: float
    cycles: float | None
    clock_hz: int | None


class _DisagreementError(TimerError):
    """Stamps and cycles tell different times."""


class Stopwatch:
    """Times windows on one device.

    Args:
        dut: The device.
        loader: How inputs get there; windows that are repeated count in its `retries`.
        warmup: Inferences before each window.
    """

    def __init__(self, dut: Dut, loader: Loader, warmup: int) -> None:
        self._dut = dut
        self._loader = loader
        self._warmup = warmup
        self._tells_cycles = dut.info() is not None

    def time(self, sample: bytes, iterations: int, timeout_s: float) -> Window:
        """One window, and once more if its clocks disagree: nothing on the line guards the digits of a stamp.

        Args:
            sample: Input tensor as bytes.
            iterations: Inferences in the window, from 1.
            timeout_s: What the window may take on the wall clock.

        Raises:
            TimerError: The clock stands still, or its stamps and its cycles disagree twice.
            LinkError: The line falls silent.
        """
        try:
            return self._once(sample, iterations, timeout_s)
        except _DisagreementError:
            self._loader.retries += 1
            return self._once(sample, iterations, timeout_s)

    def _once(self, sample: bytes, iterations: int, timeout_s: float) -> Window:
        self._loader.load(sample)
        reply = self._dut.infer(iterations, self._warmup, timeout_s)
        if not self._tells_cycles:
            if reply.elapsed_us == 0:
                raise self._stands_still("clock")
            return Window(reply.latency_us, None, None)
        counted = self._dut.cycles()
        if counted.cycles == 0:
            raise self._stands_still("cycle counter")
        # Cycles are the finer of the two, and so what counts.
        if abs(cycles_to_us(counted.cycles, counted.clock_hz) - reply.elapsed_us) > _STAMP_TOLERANCE_US:
            raise _DisagreementError(
                f"{self._dut.board}: {counted.cycles} cycles at {counted.clock_hz} Hz do not make the "
                f"{reply.elapsed_us} us between the device's time stamps"
            )
        cycles = counted.cycles / iterations
        return Window(cycles * 1e6 / counted.clock_hz, cycles, counted.clock_hz)

    def _stands_still(self, what: str) -> TimerError:
        return TimerError(f"{self._dut.board}: the device's {what} stands still; the latency is not known")
