"""What reading the flash costs beyond one cycle: an approximate model of wait states, caches and prefetch.

Code is followed exactly: the compiled hook looks for every block whether the instruction cache holds it, a cache that
is taken for fully associative and for giving up what it has held longest. A read that follows the last one is begun
ahead where there is a prefetch buffer, and costs what is left when the code before it has been executed.

Loads of data from flash are judged by the registers that their block begins with, each time that it runs: a load
through a register that points to flash then reads flash; one whose pointer the block itself fetches is not followed. With a
data cache the data are taken to be read in order, each unit once, and constants between the code (literals) to be in the cache; without
one every load waits.
"""

from collections.abc import Iterable
from typing import NamedTuple

import capstone
from capstone import arm

from harness.config.kinds import Flash

LOAD_UNITS = 16
"""Costs of loads are given in this part of a cycle."""

# Cycles in which the core executes what one read of 8 bytes brings, two to four instructions.
_CYCLES_IN_8_BYTES = 3
_BYTES = {"ldrb": 1, "ldrsb": 1, "ldrh": 2, "ldrsh": 2, "ldrd": 8}


class FlashSetting(NamedTuple):
    """How a program has set the access to its flash.

    Attributes:
        wait_states: Cycles that a read takes longer than one.
        code_cache: Whether the instruction cache is on; it may be a chip that has none.
        data_cache: Likewise.
        prefetch: Likewise.
    """

    wait_states: int
    code_cache: bool
    data_cache: bool
    prefetch: bool


class Loads(NamedTuple):
    """What a block loads in one run through one pointer.

    Attributes:
        words: Reads of a word or less.
        size_bytes: What they bring.
    """

    words: int = 0
    size_bytes: int = 0


class BlockLoads(NamedTuple):
    """What a block loads in one run.

    Attributes:
        literals: Reads beside the code.
        by_pointer: Through each register that holds the pointer when the block begins, by its number.
    """

    literals: int
    by_pointer: dict[int, Loads]


class FlashTiming:
    """The timing of one chip's flash.

    Args:
        flash: The kind's flash.
        wait_states: In place of those that the program sets, if given.

    Attributes:
        setting: What the program has set; at first, all that the chip has.
    """

    def __init__(self, flash: Flash, wait_states: int | None = None) -> None:
        self._flash = flash
        self._fixed_wait_states = wait_states
        self.setting = FlashSetting(flash.wait_states, True, True, True)

    @property
    def waits(self) -> bool:
        """Whether there may be wait states at all."""
        fixed = self._fixed_wait_states
        return (self._flash.wait_states if fixed is None else fixed) > 0

    @property
    def _wait_states(self) -> int:
        return self.setting.wait_states if self._fixed_wait_states is None else self._fixed_wait_states

    @property
    def unit_shift(self) -> int:
        """log2 of the bytes that one read brings."""
        return self._flash.read_bytes.bit_length() - 1

    @property
    def most_cached_units(self) -> int:
        """Reads that the instruction cache holds when it is on; at least the last one."""
        return max(self._flash.code_cache_bytes // self._flash.read_bytes, 1)

    @property
    def cached_units(self) -> int:
        """Reads that are held; at least the last one."""
        return self.most_cached_units if self.setting.code_cache else 1

    @property
    def jump_cycles(self) -> int:
        """Cycles that a read of code elsewhere costs."""
        return self._wait_states

    @property
    def next_cycles(self) -> int:
        """Cycles that a read of the code that follows costs."""
        if not (self._flash.prefetch and self.setting.prefetch):
            return self._wait_states
        return max(self._wait_states - _CYCLES_IN_8_BYTES * self._flash.read_bytes // 8, 0)

    def units(self, size_bytes: int) -> int:
        """Reads that a flash of this size has room for; 0 where none is followed."""
        return size_bytes // self._flash.read_bytes if self.waits else 0

    def load_cost(self, loads: Loads) -> int:
        """What loads from flash cost, in `LOAD_UNITS` of a cycle."""
        if self._has_data_cache:
            return loads.size_bytes * self._wait_states * LOAD_UNITS // self._flash.read_bytes
        return loads.words * self._wait_states * LOAD_UNITS

    def literal_cost(self, literals: int) -> int:
        """What reads beside the code cost, in `LOAD_UNITS` of a cycle."""
        return 0 if self._has_data_cache else literals * self._wait_states * LOAD_UNITS

    @property
    def _has_data_cache(self) -> bool:
        return self._flash.data_cache and self.setting.data_cache


def block_loads(block: Iterable[capstone.CsInsn]) -> BlockLoads:
    """What the instructions of a block load."""
    held = set(_NUMBERS)  # registers that hold what they began with, or have moved on from there
    literals, found = 0, dict[int, Loads]()
    for instruction in block:
        if instruction.id == 0:
            break
        size = _load_bytes(instruction)
        base = _base(instruction) if size else None
        if base == arm.ARM_REG_PC:
            literals += 1
        elif base in held:
            number = _NUMBERS[base]
            before = found.get(number, Loads())
            found[number] = Loads(before.words - (-size // 4), before.size_bytes + size)
        held -= _replaced(instruction)
    return BlockLoads(literals, found)


_NUMBERS = {arm.ARM_REG_R0 + number: number for number in range(13)}


def _load_bytes(instruction: capstone.CsInsn) -> int:
    """Bytes that an instruction loads; 0 if it is no load."""
    name = instruction.mnemonic.split(".")[0]
    if name.startswith("ldm"):
        return 4 * (len(instruction.operands) - 1)
    return _BYTES.get(name, 4) if name.startswith("ldr") else 0


def _base(instruction: capstone.CsInsn) -> int | None:
    """The register that a load reads through."""
    if instruction.mnemonic.startswith("ldm"):
        return int(instruction.operands[0].reg)
    return next((int(o.mem.base) for o in instruction.operands if o.type == arm.ARM_OP_MEM), None)


def _replaced(instruction: capstone.CsInsn) -> set[int]:
    """Registers that hold something else after an instruction: pointers that only move on stay in their memory."""
    name = instruction.mnemonic.split(".")[0]
    pointer = None
    if instruction.writeback and instruction.operands:
        if name.startswith(("ldm", "stm")):
            pointer = instruction.operands[0].reg
        else:
            pointer = next((o.mem.base for o in instruction.operands if o.type == arm.ARM_OP_MEM), None)
    _, written = instruction.regs_access()
    return {register for register in written if register != pointer}
