"""Cycles of executed instructions, exact to the instruction and the same in every run."""

import ctypes
from array import array

from harness.virtual import hook_layout as layout
from harness.virtual.costs import CostTable
from harness.virtual.flash_timing import LOAD_UNITS, BlockLoads, FlashSetting, FlashTiming, Loads, block_loads
from harness.virtual.hook_state import HookState
from harness.virtual.memory import Ram
from harness.virtual.registers import UnmodelledAccessError


class CycleCounter:
    """Counts executed blocks and turns the counts into cycles.

    Args:
        costs: Cycles of a block.
        flash: First executable region.
        ram: Second one.
        timing: What reading the first one costs.

    Attributes:
        costs: Cycles of a block.
        state: What the compiled hook works on.

    Raises:
        BuildError: The compiled part cannot be built.
    """

    def __init__(self, costs: CostTable, flash: Ram, ram: Ram, timing: FlashTiming) -> None:
        self.costs = costs
        self._timing = timing
        self.state = HookState(flash, ram, timing.units(flash.size_bytes))
        if timing.waits:
            self.state.array[layout.S_UNIT_SHIFT] = timing.unit_shift
            self._apply_timing()
        self._past_cycles = 0
        self._blocks, self._block_costs = array("q"), array("q")
        self._branches, self._branch_costs = array("q"), array("q")
        # Blocks with constants between the code, and counters of runs that loaded from flash:
        self._literals, self._literal_costs = array("q"), array("q")
        self._readers, self._read_costs = array("q"), array("q")
        self._loads: list[int] = []  # literals of each such block
        self._reads: list[Loads] = []  # what each counter stands for
        self.continue_at(0)

    def follows(self, memory: Ram) -> bool:
        """Whether code in `memory` is counted."""
        return memory in self.state.regions

    def request_stop(self) -> None:
        """Make the core stop before its next block; any thread may call it."""
        self.state.array[layout.S_STOP] = 1

    def clear_stop(self) -> None:
        """Take a stop request back."""
        self.state.array[layout.S_STOP] = 0

    def continue_at(self, address: int) -> None:
        """Tell that execution goes on at `address` for another reason than a branch."""
        self.state.array[layout.S_END] = address
        self.state.array[layout.S_END_SLOT] = self.state.slots - 1
        self.state.array[layout.S_LEFT] = 0

    def cycles(self) -> int:
        """Cycles of all instructions executed so far, the current block counted whole.

        Raises:
            UnmodelledAccessError: The program has changed code that had run.
        """
        if self.state.array[layout.S_FRESH]:
            self._decode_fresh()
        straight = self._weigh(self.state.runs, self._blocks, self._block_costs)
        taken = self._weigh(self.state.taken, self._branches, self._branch_costs)
        loads = self._weigh(self.state.runs, self._literals, self._literal_costs)
        loads += self._weigh(self.state.counters, self._readers, self._read_costs)
        return self._past_cycles + straight + taken + loads // LOAD_UNITS + self.state.array[layout.S_WAITED]

    def _weigh(self, table: int, slots: "array[int]", costs: "array[int]") -> int:
        counts = self.state.address_of(table)
        weigh = self.state.hook.weigh
        return int(weigh(counts, slots.buffer_info()[0], costs.buffer_info()[0], len(slots)))

    def _decode_fresh(self) -> None:
        state = self.state
        if state.array[layout.S_RESIZED]:
            raise UnmodelledAccessError(
                "the program changes its own code, which the cycle model cannot follow"
            )
        for index in range(state.array[layout.S_FRESH]):
            slot = state.array[state.fresh + index]
            size = self._size(slot)
            address, memory = state.locate(slot)
            code = memory.read(address, size)
            cost = self.costs.block(code, address)
            self._blocks.append(slot)
            self._block_costs.append(cost.straight)
            if self._timing.waits:
                self._note_loads(slot, block_loads(self.costs.decode(code, address)))
            end = slot + size // 2
            # Blocks that begin differently may end at the same branch.
            if cost.taken_extra and end not in self._branches:
                self._branches.append(end)
                self._branch_costs.append(cost.taken_extra)
        state.array[layout.S_FRESH] = 0

    def _note_loads(self, slot: int, loads: BlockLoads) -> None:
        """What a block loads: its literals, and what each of its counters stands for."""
        if loads.literals:
            self._literals.append(slot)
            self._loads.append(loads.literals)
            self._literal_costs.append(self._timing.literal_cost(loads.literals))
        entry = self.state.array[self.state.loads + slot]
        pointers = [number for number in range(13) if entry & layout.POINTERS & 1 << number]
        for counter, number in enumerate(pointers, entry >> layout.FIRST_COUNTER):
            if number in loads.by_pointer:
                self._readers.append(counter)
                self._reads.append(loads.by_pointer[number])
                self._read_costs.append(self._timing.load_cost(loads.by_pointer[number]))

    def settle(self) -> None:
        """Look at the blocks of a run that has ended, while its code is still in memory."""
        self._decode_fresh()

    def _size(self, slot: int) -> int:
        return self.state.array[self.state.blocks + slot] & layout.SIZE_MASK

    def set_flash(self, setting: FlashSetting) -> None:
        """Follow how the program sets the access to its flash, from now on; the caches are empty then."""
        if not self._timing.waits:
            return
        self._bank()
        self._timing.setting = setting
        self._apply_timing()
        self._literal_costs = array("q", map(self._timing.literal_cost, self._loads))
        self._read_costs = array("q", map(self._timing.load_cost, self._reads))

    def _apply_timing(self) -> None:
        state, timing = self.state.array, self._timing
        state[layout.S_CACHED] = timing.cached_units
        state[layout.S_READS] += timing.most_cached_units  # all that has been read so far is too long ago
        state[layout.S_JUMP_COST] = timing.jump_cycles
        state[layout.S_NEXT_COST] = timing.next_cycles
        state[layout.S_LAST_UNIT] = -2

    def _bank(self) -> None:
        """Keep the cycles so far and count from nothing."""
        self._past_cycles = self.cycles() - self.state.array[layout.S_WAITED]
        for slot in self._blocks:
            self.state.array[self.state.runs + slot] = 0
            self.state.array[self.state.taken + slot + self._size(slot) // 2] = 0
        counters = self.state.array[layout.S_COUNTERS]
        ctypes.memset(self.state.address_of(self.state.counters), 0, ctypes.sizeof(ctypes.c_int64) * counters)

    def forget_code(self) -> None:
        """Keep the cycles so far but forget the blocks, because the code has changed since the last run."""
        self._bank()
        for slot in self._blocks:
            self.state.array[self.state.blocks + slot] = 0
        self.state.array[layout.S_COUNTERS] = 0
        for table in (
            self._blocks, self._block_costs, self._branches, self._branch_costs, self._literals, self._literal_costs,
            self._loads, self._readers, self._read_costs, self._reads,
        ):  # fmt: skip
            del table[:]
