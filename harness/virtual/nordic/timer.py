"""TIMER (nRF51 reference manual, chapter 18): counts 16 MHz over a prescaler. Interrupts are not modelled."""

from harness.virtual.clock import Clock
from harness.virtual.registers import Peripheral, Register

_HZ = 16_000_000
_MODE, _BITMODE, _PRESCALER, _CC, _COMPARE = 0x504, 0x508, 0x510, 0x540, 0x140
_WIDTHS = {0: 16, 1: 8, 2: 24, 3: 32}


class Timer(Peripheral):
    """One TIMER instance.

    Args:
        name: `"TIMER0"` and so on.
        base: Its address.
        channels: Capture/compare registers: 4, or 6 on later nRF52 instances.
        clock: The board's time.
    """

    def __init__(self, name: str, base: int, channels: int, clock: Clock) -> None:
        self.NAME = name  # type: ignore[misc]
        self.BASE = base  # type: ignore[misc]
        self.REGISTERS = (  # type: ignore[misc]
            Register("TASKS_START", 0x000),
            Register("TASKS_STOP", 0x004),
            Register("TASKS_COUNT", 0x008),
            Register("TASKS_CLEAR", 0x00C),
            Register("TASKS_SHUTDOWN", 0x010),
            Register("TASKS_CAPTURE", 0x040, count=channels),
            Register("EVENTS_COMPARE", _COMPARE, count=channels),
            Register("SHORTS", 0x200),
            Register("INTENSET", 0x304),
            Register("INTENCLR", 0x308),
            Register("MODE", _MODE),
            Register("BITMODE", _BITMODE),
            Register("PRESCALER", _PRESCALER, reset=4),
            Register("CC", _CC, count=channels),
        )
        super().__init__()
        self._clock = clock
        self._ticks = 0
        self._running_since: int | None = None
        self._checked = [0] * channels

    def reset(self) -> None:
        super().reset()
        self._ticks = 0
        self._running_since = None
        self._checked = [0] * len(self._checked)

    def _elapsed(self) -> int:
        """Ticks since the counter was last cleared, unbounded."""
        if self._running_since is None:
            return self._ticks
        cycles = self._clock.now() - self._running_since
        return self._ticks + (cycles * _HZ // self._clock.hz >> (self[_PRESCALER] & 0xF))

    def _wrap(self, ticks: int) -> int:
        return ticks & ((1 << _WIDTHS[self[_BITMODE] & 3]) - 1)

    def write_TASKS_START(self, value: int) -> None:
        if value and self._running_since is None and self[_MODE] == 0:
            self._running_since = self._clock.now()

    def write_TASKS_STOP(self, value: int) -> None:
        if value:
            self._ticks, self._running_since = self._elapsed(), None

    write_TASKS_SHUTDOWN = write_TASKS_STOP

    def write_TASKS_COUNT(self, value: int) -> None:
        if value and self[_MODE] != 0:
            self._ticks += 1

    def write_TASKS_CLEAR(self, value: int) -> None:
        if value:
            self._ticks = 0
            self._checked = [0] * len(self._checked)
            if self._running_since is not None:
                self._running_since = self._clock.now()

    def write_TASKS_CAPTURE(self, index: int, value: int) -> None:
        if value:
            self[_CC + 4 * index] = self._wrap(self._elapsed())

    def write_CC(self, index: int, value: int) -> None:
        self[_CC + 4 * index] = value
        self._checked[index] = self._elapsed()

    def read_EVENTS_COMPARE(self, index: int) -> int:
        """1 once the counter has passed CC[index] since the event was cleared or CC written."""
        now, since = self._elapsed(), self._checked[index]
        period = self._wrap(-1) + 1
        ahead = (self[_CC + 4 * index] - since) % period or period
        if now - since >= ahead:
            self._checked[index] = now
            self[_COMPARE + 4 * index] = 1
        return self[_COMPARE + 4 * index]
