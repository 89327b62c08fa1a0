"""The core's registers by the selectors of DCRSR, as the debug port names them."""

from typing import Any

from unicorn import arm_const

SP, LR, PC, XPSR, MSP, PSP, PACKED = 13, 14, 15, 16, 17, 18, 20

_SPECIAL = {
    SP: arm_const.UC_ARM_REG_SP,
    LR: arm_const.UC_ARM_REG_LR,
    PC: arm_const.UC_ARM_REG_PC,
    XPSR: arm_const.UC_ARM_REG_XPSR,
    MSP: arm_const.UC_ARM_REG_MSP,
    PSP: arm_const.UC_ARM_REG_PSP,
    33: arm_const.UC_ARM_REG_FPSCR,
}
_PACKED = (  # most significant byte first
    arm_const.UC_ARM_REG_CONTROL,
    arm_const.UC_ARM_REG_FAULTMASK,
    arm_const.UC_ARM_REG_BASEPRI,
    arm_const.UC_ARM_REG_PRIMASK,
)


class CoreRegisters:
    """Registers of a Unicorn engine that is not running.

    Args:
        engine: The engine.
    """

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def __getitem__(self, selector: int) -> int:
        if selector == PACKED:
            values = (int(self._engine.reg_read(reg)) for reg in _PACKED)
            return int.from_bytes(bytes(values), "big")
        register = _register(selector)
        return 0 if register is None else int(self._engine.reg_read(register))

    def __setitem__(self, selector: int, value: int) -> None:
        if selector == PACKED:
            for reg, part in zip(_PACKED, value.to_bytes(4, "big"), strict=True):
                self._engine.reg_write(reg, part)
            return
        register = _register(selector)
        if register is not None:
            # Bit 0 of a written PC is the Thumb state, which these cores never leave.
            self._engine.reg_write(register, value | 1 if selector == PC else value)


def _register(selector: int) -> int | None:
    """The engine's number of a register; `None` where the core has none, which reads 0 and ignores writes."""
    if selector < SP:
        return int(arm_const.UC_ARM_REG_R0) + selector
    if 64 <= selector < 96:
        return int(arm_const.UC_ARM_REG_S0) + selector - 64
    return _SPECIAL.get(selector)
