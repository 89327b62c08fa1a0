"""SysTick: the core's timer. Its interrupt is not modelled."""

from harness.virtual.clock import Clock
from harness.virtual.registers import Peripheral, Register, UnmodelledAccessError

_CSR, _RVR, _CVR, _CALIB = 0x0, 0x4, 0x8, 0xC
_ENABLE, _TICKINT, _COUNTFLAG = 1 << 0, 1 << 1, 1 << 16


class SysTick(Peripheral):
    """Counts core cycles down from RVR, again and again. It lies amid the system control space, to be asked before it.

    Args:
        clock: The board's time.
    """

    NAME = "SysTick"
    BASE = 0xE000_E010
    SIZE = 0x10
    REGISTERS = (
        Register("SYST_CSR", _CSR, reset=4),
        Register("SYST_RVR", _RVR),
        Register("SYST_CVR", _CVR),
        Register("SYST_CALIB", _CALIB, reset=0x8000_0000, read_only=True),
    )

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._start = 0

    @property
    def _reload(self) -> int:
        """Value that is counted down from; 0 where it does not count."""
        return self[_RVR] & 0xFF_FFFF if self[_CSR] & _ENABLE else 0

    def write_SYST_CVR(self, value: int) -> None:
        self._start = self._clock.now()

    def write_SYST_CSR(self, value: int) -> None:
        if value & _TICKINT:
            raise UnmodelledAccessError(
                "the program enables the SysTick interrupt, and the virtual board does not model interrupts"
            )
        if value & _ENABLE and not self[_CSR] & _ENABLE:
            self._start = self._clock.now()
        self[_CSR] = value & 7

    def read_SYST_CVR(self) -> int:
        reload = self._reload
        if not reload:
            return 0
        elapsed = self._clock.now() - self._start
        return (reload - elapsed % (reload + 1)) & 0xFF_FFFF

    def read_SYST_CSR(self) -> int:
        reload = self._reload
        if not reload:
            return self[_CSR]
        laps = (self._clock.now() - self._start) // (reload + 1)
        self._start += laps * (reload + 1)
        return self[_CSR] | (_COUNTFLAG if laps else 0)  # cleared by this read
