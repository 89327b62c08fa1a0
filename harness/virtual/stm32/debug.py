"""DBGMCU (RM0351 chapter 48, RM0432 chapter 57) and the independent watchdog."""

from harness.virtual.registers import Peripheral, Register, UnmodelledAccessError

_START, _REFRESH, _UNLOCK = 0xCCCC, 0xAAAA, 0x5555


class DebugSupport(Peripheral):
    """Chip identity; the freeze bits are kept, as nothing runs on while the core is halted.

    Args:
        idcode: Device and revision.
    """

    NAME = "DBGMCU"
    BASE = 0xE004_2000
    SIZE = 0x400

    def __init__(self, idcode: int) -> None:
        self.REGISTERS = (  # type: ignore[misc]
            Register("IDCODE", 0x00, reset=idcode, read_only=True),
            Register("CR", 0x04),
            Register("APB1FZR1", 0x08),
            Register("APB1FZR2", 0x0C),
            Register("APB2FZR", 0x10),
        )
        super().__init__()

    def reset(self) -> None:
        """Nothing: only power-on clears these registers."""


class Watchdog(Peripheral):
    """IWDG, which is never started; flash algorithms lengthen its period."""

    NAME = "IWDG"
    BASE = 0x4000_3000
    SIZE = 0x400
    REGISTERS = (
        Register("KR", 0x00),
        Register("PR", 0x04),
        Register("RLR", 0x08, reset=0xFFF),
        Register("SR", 0x0C, read_only=True),
        Register("WINR", 0x10, reset=0xFFF),
    )

    def write_KR(self, value: int) -> None:
        if value == _START:
            raise UnmodelledAccessError(
                "the program starts the watchdog, and the virtual board does not model its time-out"
            )
