"""Cycles of each instruction, zero wait states.

Figures are those of the Technical Reference Manuals: Cortex-M0 (Arm DDI 0432C, section 3.3, with the
single-cycle multiplier) and Cortex-M4 (Arm DDI 0439B, section 3.3.1; VFP: DDI 0439B, section 7.2.3).
Where the manual gives a range, the value taken and the reason stand beside it.
"""

from collections.abc import Iterator
from typing import NamedTuple

import capstone
from capstone import arm

_ALWAYS = (arm.ARM_CC_INVALID, arm.ARM_CC_AL)
_BARRIERS = frozenset({"dsb", "dmb", "isb", "mrs", "msr"})


class Cost(NamedTuple):
    """Cycles of one block of instructions.

    Attributes:
        straight: Cycles when its last instruction falls through or is an unconditional branch.
        taken_extra: Cycles added when its last instruction is a conditional branch that is taken.
    """

    straight: int
    taken_extra: int


class CostTable:
    """Costs of blocks on one core.

    Args:
        core: `"cortex-m0"` or `"cortex-m4"`.
    """

    def __init__(self, core: str) -> None:
        self._decoder = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
        self._decoder.detail = True
        self._decoder.skipdata = True
        self._cost = _cost_m0 if core == "cortex-m0" else _cost_m4

    def decode(self, code: bytes, address: int) -> Iterator[capstone.CsInsn]:
        """The instructions in `code`, which starts at `address`."""
        return self._decoder.disasm(code, address)  # type: ignore[no-any-return]

    def block(self, code: bytes, address: int) -> Cost:
        """Cost of the instructions in `code`, which starts at `address`."""
        straight = extra = 0
        previous = None
        for instruction in self.decode(code, address):
            if instruction.id == 0:  # not decodable: it faults when reached and never costs anything
                straight, extra = straight + 1, 0
                continue
            cycles, extra = self._cost(instruction, previous)
            straight += cycles
            previous = instruction
        return Cost(straight, extra)


def _registers(instruction: capstone.CsInsn) -> int:
    """Registers moved by a multiple load or store."""
    if instruction.mnemonic.startswith(("push", "pop", "vpush", "vpop")):
        return len(instruction.operands)
    return len(instruction.operands) - 1


def _writes_pc(instruction: capstone.CsInsn) -> bool:
    return any(
        operand.type == arm.ARM_OP_REG
        and operand.reg == arm.ARM_REG_PC
        and operand.access & capstone.CS_AC_WRITE
        for operand in instruction.operands
    ) or (instruction.mnemonic.startswith("pop") and "pc" in instruction.op_str)


def _is_conditional_branch(instruction: capstone.CsInsn) -> bool:
    return (
        instruction.mnemonic.startswith("b")
        and instruction.id == arm.ARM_INS_B
        and instruction.cc not in _ALWAYS
    )


def _cost_m0(instruction: capstone.CsInsn, _previous: capstone.CsInsn | None) -> tuple[int, int]:
    """(cycles, extra when taken) on Cortex-M0: three-stage pipeline, so a refill costs two cycles."""
    name = instruction.mnemonic.split(".")[0]
    if _is_conditional_branch(instruction):
        return 1, 2
    if instruction.id == arm.ARM_INS_B:
        return 3, 0
    if name == "bl":
        return 4, 0
    if name in ("bx", "blx"):
        return 3, 0
    if name == "pop":
        return (4 if _writes_pc(instruction) else 1) + _registers(instruction), 0
    if name == "push" or name.startswith(("ldm", "stm")):
        return 1 + _registers(instruction), 0
    if name.startswith(("ldr", "str")):
        return 2, 0
    if name in _BARRIERS:
        return 4, 0
    if _writes_pc(instruction):
        return 3, 0
    return 1, 0


# A refill takes 1 to 3 cycles by alignment and prediction; 2 is its value for a branch to an aligned target.
_REFILL = 2
# SDIV and UDIV end early: 2 to 12 cycles, 7 taken as typical.
_DIVIDE = 7


def _cost_m4(instruction: capstone.CsInsn, previous: capstone.CsInsn | None) -> tuple[int, int]:
    """(cycles, extra when taken) on Cortex-M4."""
    name = instruction.mnemonic.split(".")[0]
    if _is_conditional_branch(instruction) or name in ("cbz", "cbnz"):
        return 1, _REFILL
    if instruction.id == arm.ARM_INS_B or name in ("bl", "bx", "blx"):
        return 1 + _REFILL, 0
    if name in ("tbb", "tbh"):
        return 2 + _REFILL, 0
    if name.startswith("v"):
        return _cost_vfp(instruction, name), 0
    if name == "pop" or name.startswith("ldm"):
        return 1 + _registers(instruction) + (_REFILL if _writes_pc(instruction) else 0), 0
    if name == "push" or name.startswith("stm"):
        return 1 + _registers(instruction), 0
    if name.startswith(("ldrd", "strd")):
        return 3, 0
    if name.startswith("ldr"):
        pipelined = (
            previous is not None and _is_load(previous) and not _address_depends(instruction, previous)
        )
        return (1 if pipelined else 2) + (_REFILL if _writes_pc(instruction) else 0), 0
    if name.startswith("str"):
        indexed = any(o.type == arm.ARM_OP_MEM and o.mem.index != 0 for o in instruction.operands)
        after_load = previous is not None and _is_load(previous)
        return (2 if indexed and not after_load else 1), 0
    if name in ("sdiv", "udiv"):
        return _DIVIDE, 0
    if _writes_pc(instruction):
        return 1 + _REFILL, 0
    return 1, 0


def _cost_vfp(instruction: capstone.CsInsn, name: str) -> int:
    if name in ("vdiv", "vsqrt"):
        return 14
    if name in ("vmla", "vmls", "vnmla", "vnmls", "vfma", "vfms", "vfnma", "vfnms"):
        return 3
    if name in ("vldr", "vstr"):
        return 3 if instruction.op_str.startswith("d") else 2
    if name.startswith(("vldm", "vstm", "vpush", "vpop")):
        wide = 2 if "d" in instruction.op_str.split("{")[-1] else 1
        return 1 + _registers(instruction) * wide
    if name == "vmov" and len(instruction.operands) > 2:
        return 2
    return 1


def _is_load(instruction: capstone.CsInsn) -> bool:
    name = instruction.mnemonic.split(".")[0]
    return name.startswith("ldr") and not name.startswith("ldrd")


def _address_depends(instruction: capstone.CsInsn, previous: capstone.CsInsn) -> bool:
    """Whether a load's address needs what the load before it fetched."""
    loaded = previous.operands[0].reg
    return any(
        operand.type == arm.ARM_OP_MEM and loaded in (operand.mem.base, operand.mem.index)
        for operand in instruction.operands
    )
