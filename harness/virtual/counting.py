"""Cycles of executed instructions, exact to the instruction and the same in every run."""

import ctypes
import mmap
from array import array
from typing import Any

from harness.virtual import hook_layout as layout
from harness.virtual.costs import CostTable
from harness.virtual.flash_timing import LOAD_UNITS, FlashTiming
from harness.virtual.hook import load_hook
from harness.virtual.memory import Ram
from harness.virtual.registers import UnmodelledAccessError

_WORD_BYTES = 8


class CycleCounter:
    """Counts executed blocks and turns the counts into cycles.

    Args:
        costs: Cycles of a block.
        flash: First executable region.
        ram: Second one.
        timing: What reading the first one costs.
        checked: Whether to stop before instructions that only an ARMv7-M core has and the emulator lets pass.

    Raises:
        BuildError: The compiled part cannot be built.
    """

    def __init__(
        self, costs: CostTable, flash: Ram, ram: Ram, timing: FlashTiming, checked: bool = False
    ) -> None:
        self._costs = costs
        self._timing = timing
        self._regions = (flash, ram)
        self._hook = load_hook()
        self._slots = slots = (flash.size_bytes + ram.size_bytes) // 2 + 1
        units = timing.units(flash.size_bytes)
        tables = 4 + layout.REGISTERS if timing.waits else 4
        words = layout.HEADER + tables * slots + units
        # Anonymous memory is zero and takes room where it is written only, which is in few places of a large flash.
        self._state = (ctypes.c_int64 * words).from_buffer(mmap.mmap(-1, words * _WORD_BYTES))
        self._state[layout.S_SLOTS] = slots
        self._state[layout.S_ORIGIN_0], self._state[layout.S_LENGTH_0] = flash.origin, flash.size_bytes // 2
        self._state[layout.S_ORIGIN_1], self._state[layout.S_LENGTH_1] = ram.origin, ram.size_bytes // 2
        self._sizes, self._runs, self._taken, self._fresh = (layout.HEADER + i * slots for i in range(4))
        self._registers = layout.HEADER + 4 * slots
        if checked:
            self._state[layout.S_CODE_0], self._state[layout.S_CODE_1] = flash.address, ram.address
        if timing.waits:
            self._state[layout.S_UNIT_SHIFT] = timing.unit_shift
            self._state[layout.S_CACHED] = self._state[layout.S_READS] = timing.cached_units
            self._state[layout.S_JUMP_COST] = timing.jump_cycles
            self._state[layout.S_NEXT_COST] = timing.next_cycles
            self._state[layout.S_LAST_UNIT] = -2
        self._past_cycles = 0
        self._blocks, self._block_costs = array("q"), array("q")
        self._branches, self._branch_costs = array("q"), array("q")
        self._readers, self._read_costs = array("q"), array("q")  # blocks that load from flash
        self.continue_at(0)

    def follows(self, memory: Ram) -> bool:
        """Whether code in `memory` is counted."""
        return memory in self._regions

    def attach(self, engine: Any) -> None:
        """Register the hook with a Unicorn engine; call once, before anything runs."""
        from unicorn import UC_HOOK_BLOCK, UcError, arm_const
        from unicorn.unicorn_py3.unicorn import uclib

        self._state[layout.S_STOP_FUNCTION] = ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value or 0
        self._state[layout.S_REGISTER_FUNCTION] = ctypes.cast(uclib.uc_reg_read, ctypes.c_void_p).value or 0
        self._state[layout.S_FIRST_REGISTER] = int(arm_const.UC_ARM_REG_R0)
        handle = ctypes.c_size_t()
        add = uclib.uc_hook_add
        declared = add.argtypes
        add.argtypes = None  # the C function is variadic and takes the callback as a plain pointer
        status = add(
            engine._uch, ctypes.byref(handle), ctypes.c_int(UC_HOOK_BLOCK),
            ctypes.cast(self._hook.on_block, ctypes.c_void_p), ctypes.byref(self._state),
            ctypes.c_uint64(1), ctypes.c_uint64(0),
        )  # fmt: skip
        add.argtypes = declared
        if status:
            raise UcError(status)

    def request_stop(self) -> None:
        """Make the core stop before its next block; any thread may call it."""
        self._state[layout.S_STOP] = 1

    def clear_stop(self) -> None:
        """Take a stop request back."""
        self._state[layout.S_STOP] = 0

    def take_illegal(self) -> int:
        """Address of the instruction that the core stopped ahead of because it does not have it; 0 if it did not."""
        address, self._state[layout.S_ILLEGAL] = self._state[layout.S_ILLEGAL], 0
        return int(address)

    def continue_at(self, address: int) -> None:
        """Tell that execution goes on at `address` for another reason than a branch."""
        self._state[layout.S_END] = address
        self._state[layout.S_END_SLOT] = self._slots - 1

    def cycles(self) -> int:
        """Cycles of all instructions executed so far, the current block counted whole.

        Raises:
            UnmodelledAccessError: The program has changed code that had run.
        """
        if self._state[layout.S_FRESH]:
            self._decode_fresh()
        straight = self._weigh(self._runs, self._blocks, self._block_costs)
        taken = self._weigh(self._taken, self._branches, self._branch_costs)
        loads = self._weigh(self._runs, self._readers, self._read_costs) // LOAD_UNITS
        return self._past_cycles + straight + taken + loads + self._state[layout.S_WAITED]

    def _weigh(self, table: int, slots: "array[int]", costs: "array[int]") -> int:
        counts = ctypes.addressof(self._state) + table * _WORD_BYTES
        return int(self._hook.weigh(counts, slots.buffer_info()[0], costs.buffer_info()[0], len(slots)))

    def _decode_fresh(self) -> None:
        if self._state[layout.S_RESIZED]:
            raise UnmodelledAccessError(
                "the program changes its own code, which the cycle model cannot follow"
            )
        for index in range(self._state[layout.S_FRESH]):
            slot = self._state[self._fresh + index]
            size = self._state[self._sizes + slot]
            address, memory = self._locate(slot)
            cost = self._costs.block(memory.read(address, size), address)
            self._blocks.append(slot)
            self._block_costs.append(cost.straight)
            if self._timing.waits:
                at = self._registers + layout.REGISTERS * index
                registers = self._state[at : at + layout.REGISTERS]
                wait = self._timing.load_cost(
                    self._costs.decode(memory.read(address, size), address), registers
                )
                if wait:
                    self._readers.append(slot)
                    self._read_costs.append(wait)
            end = slot + size // 2
            # Blocks that begin differently may end at the same branch.
            if cost.taken_extra and end not in self._branches:
                self._branches.append(end)
                self._branch_costs.append(cost.taken_extra)
        self._state[layout.S_FRESH] = 0

    def settle(self) -> None:
        """Look at the blocks of a run that has ended, while its code is still in memory."""
        self._decode_fresh()

    def _locate(self, slot: int) -> tuple[int, Ram]:
        flash, ram = self._regions
        if slot < flash.size_bytes // 2:
            return flash.origin + 2 * slot, flash
        return ram.origin + 2 * slot - flash.size_bytes, ram

    def forget_code(self) -> None:
        """Keep the cycles so far but forget the blocks, because the code has changed since the last run."""
        self._past_cycles = self.cycles() - self._state[layout.S_WAITED]
        for slot in self._blocks:
            end = slot + self._state[self._sizes + slot] // 2
            self._state[self._sizes + slot] = self._state[self._runs + slot] = 0
            self._state[self._taken + end] = 0
        for table in (
            self._blocks, self._block_costs, self._branches, self._branch_costs, self._readers, self._read_costs
        ):  # fmt: skip
            del table[:]
