"""System control space: identification, vector table, faults, reset, interrupt and debug registers."""

from collections.abc import Callable
from typing import Protocol

from harness.virtual.registers import Peripheral, Register, UnmodelledAccessError

AIRCR, DFSR, CFSR, HFSR, MMFAR, BFAR = 0xD0C, 0xD30, 0xD28, 0xD2C, 0xD34, 0xD38
VTOR, CCR, CPACR, DHCSR, DEMCR = 0xD08, 0xD14, 0xD88, 0xDF0, 0xDFC

DFSR_HALTED, DFSR_BKPT, DFSR_VCATCH = 1 << 0, 1 << 1, 1 << 3
HFSR_VECTTBL, HFSR_FORCED, HFSR_DEBUGEVT = 1 << 1, 1 << 30, 1 << 31
CFSR_IACCVIOL = 1 << 0
CFSR_IBUSERR, CFSR_PRECISERR, CFSR_STKERR, CFSR_BFARVALID = 1 << 8, 1 << 9, 1 << 12, 1 << 15
CFSR_UNDEFINSTR, CFSR_INVSTATE, CFSR_UNALIGNED = 1 << 16, 1 << 17, 1 << 24
DEMCR_TRCENA, DEMCR_VC_HARDERR, DEMCR_VC_CORERESET = 1 << 24, 1 << 10, 1 << 0

_VECTKEY, _DBGKEY = 0x05FA, 0xA05F
_REGWNR = 1 << 16
_UNALIGN_TRP = 1 << 3


class DebugCore(Protocol):
    """What the debug registers need of the core."""

    def dhcsr_status(self) -> int: ...
    def set_debug_control(self, bits: int) -> None: ...
    def read_register(self, selector: int) -> int: ...
    def write_register(self, selector: int, value: int) -> None: ...
    def request_reset(self) -> None: ...


_COMMON = (
    Register("ICTR", 0x004, read_only=True),
    Register("ACTLR", 0x008),
    Register("NVIC_ISER", 0x100, count=8),
    Register("NVIC_ICER", 0x180, count=8),
    Register("NVIC_ISPR", 0x200, count=8),
    Register("NVIC_ICPR", 0x280, count=8),
    Register("NVIC_IABR", 0x300, count=8, read_only=True),
    Register("NVIC_IPR", 0x400, count=60),
    Register("ICSR", 0xD04),
    Register("VTOR", VTOR),
    Register("AIRCR", AIRCR, reset=0xFA05_0000),
    Register("SCR", 0xD10),
    Register("CCR", CCR, reset=0x200),
    Register("SHPR", 0xD18, count=3),
    Register("SHCSR", 0xD24),
    Register("CFSR", CFSR),
    Register("HFSR", HFSR),
    Register("DFSR", DFSR),
    Register("MMFAR", MMFAR),
    Register("BFAR", BFAR),
    Register("AFSR", 0xD3C),
    Register("CLIDR", 0xD78, read_only=True),
    Register("CTR", 0xD7C, read_only=True),
    Register("CPACR", CPACR),
    Register("MPU_CTRL", 0xD94),
    Register("MPU_RNR", 0xD98),
    Register("DHCSR", DHCSR),
    Register("DCRSR", 0xDF4),
    Register("DCRDR", 0xDF8),
    Register("DEMCR", DEMCR),
    Register("STIR", 0xF00),
    Register("FPCCR", 0xF34),
    Register("FPCAR", 0xF38),
    Register("FPDSCR", 0xF3C),
)
_IDENTITY_M0 = (
    Register("CPUID", 0xD00, reset=0x410C_C200, read_only=True),
    Register("ID_PFR", 0xD40, count=2, read_only=True),
    Register("ID_DFR0", 0xD48, read_only=True),
    Register("ID_AFR0", 0xD4C, read_only=True),
    Register("ID_MMFR", 0xD50, count=4, read_only=True),
    Register("ID_ISAR", 0xD60, count=5, read_only=True),
    Register("MPU_TYPE", 0xD90, read_only=True),
    Register("MVFR", 0xF40, count=3, read_only=True),
)
_IDENTITY_M4 = (
    Register("CPUID", 0xD00, reset=0x410F_C241, read_only=True),
    Register("ID_PFR0", 0xD40, reset=0x30, read_only=True),
    Register("ID_PFR1", 0xD44, reset=0x200, read_only=True),
    Register("ID_DFR0", 0xD48, reset=0x0010_0000, read_only=True),
    Register("ID_AFR0", 0xD4C, read_only=True),
    Register("ID_MMFR", 0xD50, reset=0, count=4, read_only=True),
    Register("ID_ISAR0", 0xD60, reset=0x0114_1110, read_only=True),
    Register("ID_ISAR1", 0xD64, reset=0x0211_2000, read_only=True),
    Register("ID_ISAR2", 0xD68, reset=0x2123_2231, read_only=True),
    Register("ID_ISAR3", 0xD6C, reset=0x0111_1131, read_only=True),
    Register("ID_ISAR4", 0xD70, reset=0x0131_0132, read_only=True),
    Register("MPU_TYPE", 0xD90, reset=0x800, read_only=True),
    Register("MVFR0", 0xF40, reset=0x1011_0021, read_only=True),
    Register("MVFR1", 0xF44, reset=0x1100_0011, read_only=True),
    Register("MVFR2", 0xF48, read_only=True),
)
# Debug state outlives a system reset; only power-on clears it.
_KEPT_BY_RESET = (DFSR, DEMCR, 0xDF8)


class SystemControl(Peripheral):
    """The system control space of either core.

    Args:
        core_type: `"cortex-m0"` or `"cortex-m4"`.
    """

    NAME = "SCS"
    BASE = 0xE000_E000

    def __init__(self, core_type: str) -> None:
        self.REGISTERS = _COMMON + (_IDENTITY_M0 if core_type == "cortex-m0" else _IDENTITY_M4)  # type: ignore[misc]
        super().__init__()
        self._has_fault_status = core_type != "cortex-m0"
        self.core: DebugCore
        self.on_trace_enable: Callable[[bool], None] = lambda enabled: None

    def reset(self) -> None:
        kept = {offset: self[offset] for offset in _KEPT_BY_RESET}
        super().reset()
        for offset, value in kept.items():
            self[offset] = value

    def note_fault(self, cfsr: int, hfsr: int, address: int | None) -> None:
        """Set the fault status registers, where the core has them."""
        if not self._has_fault_status:
            return
        self[CFSR] |= cfsr
        self[HFSR] |= hfsr
        if address is not None:
            self[BFAR] = address

    # Faults are cleared by writing ones.
    def write_CFSR(self, value: int) -> None:
        self[CFSR] &= ~value

    def write_HFSR(self, value: int) -> None:
        self[HFSR] &= ~value

    def write_DFSR(self, value: int) -> None:
        self[DFSR] &= ~value

    def write_AIRCR(self, value: int) -> None:
        if value >> 16 != _VECTKEY:
            return
        if value & 0b101:  # SYSRESETREQ, VECTRESET
            self.core.request_reset()

    def write_VTOR(self, value: int) -> None:
        self[VTOR] = value & ~0x7F if self._has_fault_status else 0

    def write_CCR(self, value: int) -> None:
        if not self._has_fault_status:
            return  # read-only
        if value & _UNALIGN_TRP:
            raise UnmodelledAccessError(
                "the program has every unaligned access trapped, which the virtual board does not model"
            )
        self[CCR] = value

    def read_DHCSR(self) -> int:
        return self.core.dhcsr_status()

    def write_DHCSR(self, value: int) -> None:
        if value >> 16 == _DBGKEY:
            self.core.set_debug_control(value & 0x2F)

    def write_DCRSR(self, value: int) -> None:
        selector = value & 0x7F
        if value & _REGWNR:
            self.core.write_register(selector, self[0xDF8])
        else:
            self[0xDF8] = self.core.read_register(selector)

    def write_DEMCR(self, value: int) -> None:
        self[DEMCR] = value
        self.on_trace_enable(bool(value & DEMCR_TRCENA))

    def read_NVIC_ICER(self, index: int) -> int:
        return self[0x100 + 4 * index]

    def write_NVIC_ICER(self, index: int, value: int) -> None:
        self[0x100 + 4 * index] &= ~value

    def write_NVIC_ISER(self, index: int, value: int) -> None:
        if value:
            raise UnmodelledAccessError(
                f"the program enables interrupt {32 * index + (value & -value).bit_length() - 1}, "
                "and the virtual board does not model interrupts"
            )

    def write_ICSR(self, value: int) -> None:
        """Pending bits have no effect: exceptions other than faults are not modelled."""
