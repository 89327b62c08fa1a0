"""Data watchpoint and trace unit: the cycle counter. Watchpoints are not modelled."""

from harness.virtual.clock import Clock
from harness.virtual.registers import Peripheral, Register

_CYCCNTENA = 1


class TraceUnitM4(Peripheral):
    """The DWT of Cortex-M4. CYCCNT counts while trace (DEMCR.TRCENA) and CYCCNTENA are both on."""

    NAME = "DWT"
    BASE = 0xE000_1000
    REGISTERS = (
        Register("CTRL", 0x000),
        Register("CYCCNT", 0x004),
        Register("CPICNT", 0x008),
        Register("EXCCNT", 0x00C),
        Register("SLEEPCNT", 0x010),
        Register("LSUCNT", 0x014),
        Register("FOLDCNT", 0x018),
        Register("PCSR", 0x01C, read_only=True),
        Register("LAR", 0xFB0),
    )

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._trace = False
        self._running_since: int | None = None

    def reset(self) -> None:
        """Nothing: trace is reset by power-on only."""

    def set_trace(self, enabled: bool) -> None:
        """Follow DEMCR.TRCENA."""
        self._trace = enabled
        self._update()

    def write_CTRL(self, value: int) -> None:
        self[0x000] = value & 0x0FFF_FFFF  # no comparators: NUMCOMP reads 0
        self._update()

    def _update(self) -> None:
        running = self._trace and bool(self[0x000] & _CYCCNTENA)
        if running and self._running_since is None:
            self._running_since = self._clock.now()
        elif not running and self._running_since is not None:
            self[0x004] += self._clock.now() - self._running_since
            self._running_since = None

    def read_CYCCNT(self) -> int:
        if self._running_since is None:
            return self[0x004]
        return (self[0x004] + self._clock.now() - self._running_since) & 0xFFFF_FFFF

    def write_CYCCNT(self, value: int) -> None:
        self[0x004] = value
        if self._running_since is not None:
            self._running_since = self._clock.now()


class TraceUnitM0(Peripheral):
    """The DWT of Cortex-M0, which has no cycle counter."""

    NAME = "DWT"
    BASE = 0xE000_1000
    REGISTERS = (Register("CTRL", 0x000), Register("PCSR", 0x01C, read_only=True))

    def set_trace(self, enabled: bool) -> None:
        """Nothing depends on it here."""

    def read_CTRL(self) -> int:
        return 1 << 25  # NOCYCCNT, and no comparators

    def write_CTRL(self, value: int) -> None:
        """All fields are read-only."""
