"""By how much an instruction moves the stack pointer."""

from collections.abc import Mapping

import capstone
from capstone import arm

from harness.errors import BuildError
from harness.firmware.machine_code import Extent, MachineCode

POPS = (arm.ARM_INS_POP, arm.ARM_INS_VPOP)
_PUSHES = (arm.ARM_INS_PUSH, arm.ARM_INS_VPUSH)
_SUMS = {arm.ARM_INS_ADD: -1, arm.ARM_INS_ADDW: -1, arm.ARM_INS_SUB: 1, arm.ARM_INS_SUBW: 1}


def pushed_bytes(
    code: MachineCode, function: Extent, instruction: capstone.CsInsn, depths: Mapping[int, int]
) -> int:
    """Bytes that an instruction puts on the stack, negative for what it takes away.

    Args:
        code: The image.
        function: What the instruction belongs to.
        instruction: The instruction.
        depths: Bytes on the stack before it and before those that lead to it, by address.

    Raises:
        BuildError: It moves the stack pointer by what is not a constant.
    """
    operands = instruction.operands
    if instruction.id in _PUSHES:
        return sum(_size(instruction, operand) for operand in operands)
    if instruction.id in POPS:
        return -sum(_size(instruction, operand) for operand in operands)
    if arm.ARM_REG_SP not in instruction.regs_access()[1]:
        return 0
    if is_stack_memory(operands[-1]):
        return -int(operands[-1].mem.disp)
    if len(operands) > 1 and is_stack_memory(operands[-2]):
        return -int(operands[-1].imm)
    after = _depth_after(code, function, instruction, depths)
    if after is None:
        raise BuildError(
            f"the stack has no bound: {function.name} moves its pointer by "
            f"{instruction.mnemonic} {instruction.op_str} at 0x{instruction.address:x}"
        )
    return after - depths[instruction.address]


def is_stack_memory(operand: capstone.arm.ArmOp) -> bool:
    """Whether an operand lies where the stack pointer points."""
    return bool(operand.type == arm.ARM_OP_MEM and operand.mem.base == arm.ARM_REG_SP)


def last_writer(
    code: MachineCode, function: Extent, instruction: capstone.CsInsn, register: int
) -> capstone.CsInsn | None:
    """The nearest instruction before this one that writes the register."""
    before = [i for address, i in code.instructions(function).items() if address < instruction.address]
    return next((i for i in reversed(before) if register in i.regs_access()[1]), None)


def _size(instruction: capstone.CsInsn, operand: capstone.arm.ArmOp) -> int:
    return 8 if instruction.reg_name(operand.reg).startswith("d") else 4


def _depth_after(
    code: MachineCode, function: Extent, instruction: capstone.CsInsn, depths: Mapping[int, int]
) -> int | None:
    """Bytes on the stack if it ended where a move or sum lets its register point; None if that cannot be told."""
    if instruction.id not in (*_SUMS, arm.ARM_INS_MOV):
        return None
    sources = instruction.operands[1:]
    if instruction.id in _SUMS and len(sources) == 1:
        sources = [instruction.operands[0], *sources]
    if sources[0].type != arm.ARM_OP_REG:
        return None
    amount = _constant(code, function, instruction, sources[1]) if len(sources) > 1 else 0
    if sources[0].reg == arm.ARM_REG_SP:
        base = depths.get(instruction.address)
    else:  # a copy that the function keeps, such as a frame pointer
        writer = last_writer(code, function, instruction, sources[0].reg)
        base = _depth_after(code, function, writer, depths) if writer else None
    return None if base is None or amount is None else base + _SUMS.get(instruction.id, 0) * amount


def _constant(
    code: MachineCode, function: Extent, instruction: capstone.CsInsn, operand: capstone.arm.ArmOp
) -> int | None:
    """The signed number that an operand is, or that was last loaded into it."""
    if operand.type == arm.ARM_OP_IMM:
        return int(operand.imm)
    writer = last_writer(code, function, instruction, operand.reg)
    if writer is None or writer.id != arm.ARM_INS_LDR or writer.operands[1].mem.base != arm.ARM_REG_PC:
        return None
    word = code.word(((writer.address + 4) & ~3) + writer.operands[1].mem.disp)
    return None if word is None else word - (word >> 31 << 32)
