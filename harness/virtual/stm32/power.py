"""PWR (RM0351 and RM0432, chapter 5): voltage ranges, and the supply of port G."""

from collections.abc import Callable

from harness.virtual.registers import Peripheral, Register, UnmodelledAccessError

_CR1, _CR2, _CR5 = 0x00, 0x04, 0x80
_LPR, _LPMS = 1 << 14, 0x7
_VOS_SHIFT, _RANGE_1, _RANGE_2 = 9, 1, 2
_IOSV, _R1MODE = 1 << 9, 1 << 8


class Power(Peripheral):
    """Voltage changes take effect at once, so VOSF never reads as set; low-power modes are refused.

    Args:
        has_boost: Whether range 1 has the boost mode of the STM32L4+.
    """

    NAME = "PWR"
    BASE = 0x4000_7000
    SIZE = 0x400
    REGISTERS = (
        Register("CR1", _CR1, reset=_RANGE_1 << _VOS_SHIFT),
        Register("CR2", _CR2),
        Register("CR3", 0x08, reset=0x8000),
        Register("CR4", 0x0C),
        Register("SR1", 0x10, read_only=True),
        Register("SR2", 0x14, reset=0x100, read_only=True),  # REGLPS: the low-power regulator is ready
        Register("SCR", 0x18),
        Register("PUCR_PDCR", 0x20, count=16),
    )

    def __init__(self, has_boost: bool) -> None:
        super().__init__()
        if has_boost:
            self.extend(
                (Register("PUCRI", 0x60), Register("PDCRI", 0x64), Register("CR5", _CR5, reset=_R1MODE))
            )
        self._has_boost = has_boost
        self.on_change: Callable[[], None] = lambda: None

    @property
    def range(self) -> str:
        """`"1"`, `"1 boost"` or `"2"`."""
        if self[_CR1] >> _VOS_SHIFT & 3 == _RANGE_2:
            return "2"
        return "1 boost" if self._has_boost and not self[_CR5] & _R1MODE else "1"

    @property
    def port_g_supplied(self) -> bool:
        """Whether VddIO2 is declared valid; without it PG2 to PG15 are dead."""
        return bool(self[_CR2] & _IOSV)

    def write_CR1(self, value: int) -> None:
        if value & _LPR or value & _LPMS:
            raise UnmodelledAccessError(
                f"the program writes 0x{value:08X} to PWR_CR1: the virtual board models no low-power mode"
            )
        if value >> _VOS_SHIFT & 3 not in (_RANGE_1, _RANGE_2):
            raise UnmodelledAccessError(f"the program writes 0x{value:08X} to PWR_CR1: no such voltage range")
        self[_CR1] = value
        self.on_change()

    def write_CR5(self, value: int) -> None:
        self[_CR5] = value
        self.on_change()

    def write_SCR(self, value: int) -> None:
        """Clears wake-up flags, of which there are none."""
