"""The board's time, in core clock cycles since power-on."""

from collections.abc import Callable


class Clock:
    """Cycles of executed instructions plus cycles the core only waited.

    Waiting is not executed: polling an idle UART sleeps, and the wall time slept is added here, so
    that time goes on plausibly without a single instruction being charged.

    Attributes:
        hz: Core clock frequency.
        timers: The clock of the chip's timers: this one, or one that stands still where they are broken on purpose.

    Args:
        hz: Core clock frequency.
        executed: Cycles of executed instructions so far.
        dead_timers: Whether the timers are broken.
    """

    def __init__(self, hz: int, executed: Callable[[], int], dead_timers: bool = False) -> None:
        self.hz = hz
        self.timers: Clock = _StandingClock(hz, executed) if dead_timers else self
        self._executed = executed
        self._waited = 0
        self._paced_from = (0, 0.0)  # cycles and seconds when the frequency was last changed

    def now(self) -> int:
        """Cycles since power-on; never decreases."""
        return self._executed() + self._waited

    def seconds(self) -> float:
        """Seconds since power-on."""
        cycles, seconds = self._paced_from
        return seconds + (self.now() - cycles) / self.hz

    def run_at(self, hz: int) -> None:
        """Change the core clock's frequency from now on."""
        self._paced_from = (self.now(), self.seconds())
        self.hz = hz

    def wait(self, cycles: int) -> None:
        """Let `cycles` pass without executing."""
        self._waited += max(cycles, 0)

    def wait_until(self, cycle: int) -> None:
        """Let time pass up to `cycle`, if that is still to come."""
        self.wait(cycle - self.now())


class _StandingClock(Clock):
    """Always 0."""

    def now(self) -> int:
        return 0
