"""What one function keeps on the stack at each of its calls."""

from dataclasses import dataclass, field

import capstone
from capstone import arm

from harness.errors import BuildError
from harness.firmware.machine_code import Extent, MachineCode
from harness.firmware.stack_pointer import POPS, is_stack_memory, last_writer, pushed_bytes

_ALWAYS = (arm.ARM_CC_INVALID, arm.ARM_CC_AL)
_BRANCHES = (arm.ARM_INS_B, arm.ARM_INS_CBZ, arm.ARM_INS_CBNZ)
_TABLE_BRANCHES = (arm.ARM_INS_TBB, arm.ARM_INS_TBH)
_CALLS = (arm.ARM_INS_BL, arm.ARM_INS_BLX)
_ENDS = (arm.ARM_INS_UDF, arm.ARM_INS_BKPT)
# GCC's switches on Cortex-M0: called like a function, they go on at one of many places after the call.
_SWITCH = "__gnu_thumb1_case"
_MOST_BYTES = 1 << 16  # a loop that pushes gets here


@dataclass
class Frame:
    """A function's own use of the stack.

    Attributes:
        bytes: At its deepest, without what it calls.
        calls: Entry of a function that it calls -> bytes it has on the stack then.
        pointer_calls: Whether it calls through pointers.
        pointer_call_bytes: Bytes it has on the stack then.
        uses_float: Whether it has floating-point instructions.
    """

    bytes: int = 0
    calls: dict[int, int] = field(default_factory=dict)
    pointer_calls: bool = False
    pointer_call_bytes: int = 0
    uses_float: bool = False


def frame_of(code: MachineCode, entry: int) -> Frame:
    """The frame of the function that begins at `entry`.

    Raises:
        BuildError: There is no function, or it moves the stack pointer by an amount that its code does not tell.
    """
    return _Walk(code, entry).frame


class _Walk:
    """Follows all paths from an entry, noting the most bytes on the stack at each instruction."""

    def __init__(self, code: MachineCode, entry: int) -> None:
        self.frame = Frame()
        self._code = code
        extent = code.function(entry)
        if extent is None:
            raise BuildError(f"the stack has no bound: something calls 0x{entry:x}, which is in no function")
        self._name = extent.name
        self._depths: dict[int, int] = {}
        self._pending = [(entry, 0)]
        self._after_calls: set[int] = set()
        while self._pending:
            address, depth = self._pending.pop()
            if self._depths.get(address, -1) < depth:
                self._depths[address] = depth
                self._step(address, depth)

    def _step(self, address: int, depth: int) -> None:
        function = self._code.function(address)
        instruction = self._code.instructions(function).get(address) if function else None
        if function is None or instruction is None:
            if address in self._after_calls:
                return  # the call does not return
            raise BuildError(
                f"the stack has no bound: {self._name} goes on at 0x{address:x}, which is no code"
            )
        if instruction.id in _ENDS:
            return
        name = instruction.mnemonic
        self.frame.uses_float |= name.startswith("v")
        after = depth + pushed_bytes(self._code, function, instruction, self._depths)
        if depth > _MOST_BYTES:
            raise BuildError(f"the stack has no bound: a loop in {function.name} pushes without end")
        self.frame.bytes = max(self.frame.bytes, after)
        always = instruction.cc in _ALWAYS
        if not always and after < depth:
            after = depth  # a pop that may not happen
        goes_on = True
        if instruction.id in _BRANCHES:
            goes_on = instruction.id != arm.ARM_INS_B or not always
            self._go(function, instruction.operands[-1].imm, depth)
        elif instruction.id == arm.ARM_INS_BL:
            self._branch_with_link(function, instruction.operands[0].imm, depth)
        elif instruction.id == arm.ARM_INS_BLX:
            self._call_pointer(depth)
        elif _writes_pc(instruction):
            goes_on = not always
            self._leave(function, instruction, depth)
        if instruction.id in _CALLS:
            self._after_calls.add(address + instruction.size)
        if goes_on:
            self._pending.append((address + instruction.size, after))

    def _branch_with_link(self, function: Extent, target: int, depth: int) -> None:
        if function.start < target < function.end:  # on Cortex-M0 also a branch that reaches far
            self._pending.append((target, depth))
            return
        self._call(target, depth)
        called = self._code.function(target)
        if called and called.name.startswith(_SWITCH):
            self._go_anywhere(function, depth)

    def _leave(self, function: Extent, instruction: capstone.CsInsn, depth: int) -> None:
        """A return, a jump within the function, or a call in place of the return."""
        source = instruction.operands[-1]
        if instruction.id in POPS or is_stack_memory(source):
            return
        if source.type == arm.ARM_OP_REG and source.reg == arm.ARM_REG_LR:
            return
        if source.type == arm.ARM_OP_MEM and source.mem.base == arm.ARM_REG_PC and not source.mem.index:
            word = self._code.word((instruction.address + 4 & ~3) + source.mem.disp)
            self._go(function, (word or 0) & ~1, depth)
        elif instruction.id != arm.ARM_INS_BX or depth:
            self._go_anywhere(function, depth)
        elif any(function.start <= value < function.end for value in self._code.constants(function)):
            self._go_anywhere(function, depth)  # to an address of its own
        elif not self._was_popped(function, instruction, source.reg):
            self._call_pointer(depth)

    def _was_popped(self, function: Extent, instruction: capstone.CsInsn, register: int) -> bool:
        """Whether the register was last filled from the stack, as GCC returns on Cortex-M0."""
        writer = last_writer(self._code, function, instruction, register)
        return writer is not None and writer.id in POPS

    def _go(self, function: Extent, target: int, depth: int) -> None:
        """A branch; to the begin of another function it is a call."""
        other = self._code.function(target)
        if other and other.start == target and other.start != function.start:
            self._call(target, depth)
        else:
            self._pending.append((target, depth))

    def _go_anywhere(self, function: Extent, depth: int) -> None:
        """A jump to a computed place in the function: what nothing else leads to is reached by it."""
        known = self._depths
        self._pending += [(a, depth) for a in self._code.instructions(function) if a not in known]

    def _call(self, target: int, depth: int) -> None:
        self.frame.calls[target] = max(self.frame.calls.get(target, 0), depth)

    def _call_pointer(self, depth: int) -> None:
        self.frame.pointer_calls = True
        self.frame.pointer_call_bytes = max(self.frame.pointer_call_bytes, depth)


def _writes_pc(instruction: capstone.CsInsn) -> bool:
    return instruction.id in _TABLE_BRANCHES or arm.ARM_REG_PC in instruction.regs_access()[1]
