"""CLOCK and POWER (they share a base address), GPIO and the watchdog."""

from collections.abc import Callable

from harness.virtual.registers import Peripheral, Register, UnmodelledAccessError

_ALL_ONES = 0xFFFF_FFFF


class ClockPower(Peripheral):
    """Oscillators start at once; sleep and power regulation have no effect on the model."""

    NAME = "CLOCK/POWER"
    BASE = 0x4000_0000
    REGISTERS = (
        Register("TASKS_HFCLKSTART", 0x000),
        Register("TASKS_HFCLKSTOP", 0x004),
        Register("TASKS_LFCLKSTART", 0x008),
        Register("TASKS_LFCLKSTOP", 0x00C),
        Register("TASKS_CONSTLAT", 0x078),
        Register("TASKS_LOWPWR", 0x07C),
        Register("EVENTS_HFCLKSTARTED", 0x100),
        Register("EVENTS_LFCLKSTARTED", 0x104),
        Register("INTENSET", 0x304),
        Register("INTENCLR", 0x308),
        Register("RESETREAS", 0x400),
        Register("HFCLKRUN", 0x408, read_only=True),
        Register("HFCLKSTAT", 0x40C, read_only=True),
        Register("LFCLKRUN", 0x414, read_only=True),
        Register("LFCLKSTAT", 0x418, read_only=True),
        Register("RAMSTATUS", 0x428, reset=3, read_only=True),
        Register("SYSTEMOFF", 0x500),
        Register("POFCON", 0x510),
        Register("LFCLKSRC", 0x518),
        Register("GPREGRET", 0x51C),
        Register("GPREGRET2", 0x520),
        Register("RAMON", 0x524, reset=3),
        Register("RESET", 0x544),
        Register("XTALFREQ", 0x550, reset=0xFF),
        Register("RAMONB", 0x554, reset=3),
        Register("APPROTECT.DISABLE", 0x558),
        Register("DCDCEN", 0x578),
    )

    def write_TASKS_HFCLKSTART(self, value: int) -> None:
        if value:
            self[0x100] = self[0x408] = 1
            self[0x40C] = 0x1_0001  # running, from the crystal

    def write_TASKS_HFCLKSTOP(self, value: int) -> None:
        if value:
            self[0x408] = self[0x40C] = 0

    def write_TASKS_LFCLKSTART(self, value: int) -> None:
        if value:
            self[0x104] = self[0x414] = 1
            self[0x418] = 0x1_0000 | self[0x518] & 3

    def write_TASKS_LFCLKSTOP(self, value: int) -> None:
        if value:
            self[0x414] = self[0x418] = 0

    def write_RESETREAS(self, value: int) -> None:
        self[0x400] &= ~value

    def write_SYSTEMOFF(self, value: int) -> None:
        raise UnmodelledAccessError(
            "the program turns the system off, which the virtual board does not model"
        )


class Gpio(Peripheral):
    """Pins that nothing is wired to: outputs read back, inputs read low.

    Args:
        name: `"P0"` or `"P1"`.
        base: Its address.
        on_edge: Called with a pin and its new level, when an output changes.
    """

    SIZE = 0x300
    _ROWS = (
        Register("OUT", 0x004),
        Register("OUTSET", 0x008),
        Register("OUTCLR", 0x00C),
        Register("IN", 0x010, read_only=True),
        Register("DIR", 0x014),
        Register("DIRSET", 0x018),
        Register("DIRCLR", 0x01C),
        Register("LATCH", 0x020),
        Register("DETECTMODE", 0x024),
        Register("PIN_CNF", 0x200, reset=2, count=32),
    )

    def __init__(self, name: str, base: int, on_edge: Callable[[int, bool], None]) -> None:
        # The registers start at 0x500; the second port lies 0x300 above the first.
        self.NAME = name  # type: ignore[misc]
        self.BASE = base + 0x500  # type: ignore[misc]
        self.REGISTERS = self._ROWS  # type: ignore[misc]
        super().__init__()
        self._on_edge = on_edge

    def _drive(self, out: int, direction: int) -> None:
        """Set outputs and directions; a pin that is no output is pulled high by what it is wired to."""
        before, after = (self[0x004] | ~self[0x014]), (out | ~direction)
        self[0x004], self[0x014] = out, direction
        changed = (before ^ after) & 0xFFFF_FFFF
        for pin in range(32):
            if changed >> pin & 1:
                self._on_edge(pin, bool(after >> pin & 1))

    def write_OUT(self, value: int) -> None:
        self._drive(value, self[0x014])

    def write_DIR(self, value: int) -> None:
        self._drive(self[0x004], value)

    def read_OUTSET(self) -> int:
        return self[0x004]

    def write_OUTSET(self, value: int) -> None:
        self._drive(self[0x004] | value, self[0x014])

    read_OUTCLR = read_OUTSET

    def write_OUTCLR(self, value: int) -> None:
        self._drive(self[0x004] & ~value, self[0x014])

    def read_IN(self) -> int:
        return self[0x004] & self[0x014]

    def read_DIRSET(self) -> int:
        return self[0x014]

    def write_DIRSET(self, value: int) -> None:
        self._drive(self[0x004], self[0x014] | value)
        for pin in range(32):
            if value >> pin & 1:
                self[0x200 + 4 * pin] |= 1

    read_DIRCLR = read_DIRSET

    def write_DIRCLR(self, value: int) -> None:
        self._drive(self[0x004], self[0x014] & ~value)
        for pin in range(32):
            if value >> pin & 1:
                self[0x200 + 4 * pin] &= ~1

    def write_PIN_CNF(self, index: int, value: int) -> None:
        self[0x200 + 4 * index] = value
        self._drive(self[0x004], self[0x014] & ~(1 << index) | (value & 1) << index)


class Watchdog(Peripheral):
    """A watchdog that is never started; flash algorithms ask for its status."""

    NAME = "WDT"
    BASE = 0x4001_0000
    REGISTERS = (
        Register("TASKS_START", 0x000),
        Register("EVENTS_TIMEOUT", 0x100),
        Register("RUNSTATUS", 0x400, read_only=True),
        Register("REQSTATUS", 0x404, reset=1, read_only=True),
        Register("CRV", 0x504, reset=_ALL_ONES),
        Register("RREN", 0x508, reset=1),
        Register("CONFIG", 0x50C, reset=1),
        Register("RR", 0x600, count=8),
    )

    def write_TASKS_START(self, value: int) -> None:
        raise UnmodelledAccessError(
            "the program starts the watchdog, and the virtual board does not model its time-out"
        )
