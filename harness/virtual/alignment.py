"""Which memory accesses of a block must be aligned on a Cortex-M4, and when that can be told.

Single loads and stores may lie anywhere; multiple and double ones, and those of the floating-point unit, must lie at
a multiple of 4 (ARMv7-M Architecture Reference Manual, DDI 0403E, section A3.2.1). All their offsets are multiples of
4 too, so that it is the base register alone that decides. The emulator lets them pass, and calling a hook for each of
them would cost a good part of its speed, so the registers are looked at between the blocks where that tells the same.
"""

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

import capstone
from capstone import arm

from harness.virtual.hook_layout import AFTER_BLOCK, BEFORE_ACCESS, BEFORE_BLOCK

_STRICT = ("ldm", "stm", "ldrd", "strd", "vldr", "vstr", "vldm", "vstm")
_SUMS = ("add", "adds", "addw", "sub", "subs", "subw")
_NUMBERS = {arm.ARM_REG_R0 + number: number for number in range(13)} | {arm.ARM_REG_LR: 14}
_ALWAYS = (arm.ARM_CC_INVALID, arm.ARM_CC_AL)


class Access(NamedTuple):
    """An access that must be aligned.

    Attributes:
        address: Of the instruction.
        base: Number of its base register.
        when: `BEFORE_BLOCK` where the block does not touch the base register before; `AFTER_BLOCK` where that holds
            the pointer, or one a multiple of 4 away, when the block ends; else `BEFORE_ACCESS`.
    """

    address: int
    base: int
    when: int


def strict_accesses(block: Iterable[capstone.CsInsn]) -> list[Access]:
    """The accesses of a block that must be aligned, in order.

    Stack pointer and PC are left out, as they are always aligned.
    """
    found: list[Access] = []
    touched: set[int] = set()
    waiting: dict[int, list[int]] = {}  # by base register: which of `found` can be told when the block ends
    for instruction in block:
        if instruction.id == 0:
            break
        base = _strict_base(instruction)
        if base is not None:
            always = instruction.cc in _ALWAYS
            when = BEFORE_BLOCK if always and base not in touched else BEFORE_ACCESS
            found.append(Access(instruction.address, base, when))
            if always and when == BEFORE_ACCESS:
                waiting.setdefault(base, []).append(len(found) - 1)
        _, written = instruction.regs_access()
        for register in (_NUMBERS[r] for r in written if r in _NUMBERS):
            if not _keeps_alignment(instruction, register):
                touched.add(register)
                waiting.pop(register, None)
    for index in chain.from_iterable(waiting.values()):
        found[index] = found[index]._replace(when=AFTER_BLOCK)
    return found


def _strict_base(instruction: capstone.CsInsn) -> int | None:
    """Number of the base register of an access that must be aligned; None for every other instruction."""
    if not instruction.mnemonic.startswith(_STRICT):
        return None
    memory = next((o for o in instruction.operands if o.type == arm.ARM_OP_MEM), None)
    register = memory.mem.base if memory is not None else instruction.operands[0].reg
    return _NUMBERS.get(register)


def _keeps_alignment(instruction: capstone.CsInsn, register: int) -> bool:
    """Whether a register that an instruction writes is then a multiple of 4 away from what it was."""
    operands = instruction.operands
    if instruction.writeback:
        memory = next((o for o in operands if o.type == arm.ARM_OP_MEM), None)
        if memory is None:
            return _NUMBERS.get(operands[0].reg) == register
        moves = not memory.mem.index and memory.mem.disp % 4 == 0
        return _NUMBERS.get(memory.mem.base) == register and moves
    if instruction.mnemonic.split(".")[0] in _SUMS and operands[-1].type == arm.ARM_OP_IMM:
        return operands[-1].imm % 4 == 0 and _NUMBERS.get(operands[-2].reg) == register
    return False
