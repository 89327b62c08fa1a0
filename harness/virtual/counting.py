"""Cycles of executed instructions, exact to the instruction and the same in every run."""

import ctypes
import threading
from typing import Any

import numpy as np

from harness.virtual import hook_layout as layout
from harness.virtual.costs import CostTable
from harness.virtual.memory import Ram


class CycleCounter:
    """Counts executed blocks and turns the counts into cycles.

    The hook's compiler takes a second to load; a thread does that while the debugger connects, and
    `attach` waits for it before the first instruction runs.

    Attributes:
        state: The array shared with the hook (see `hook_layout`).
    """

    def __init__(self, costs: CostTable, flash: Ram, ram: Ram) -> None:
        self._costs = costs
        self._regions = (flash, ram)
        slots = (flash.size_bytes + ram.size_bytes) // 2 + 1
        self.state = np.zeros(layout.HEADER + 3 * slots + layout.FRESH_CAPACITY, np.int64)
        self.state[layout.S_SLOTS] = slots
        self.state[layout.S_ORIGIN_0], self.state[layout.S_LENGTH_0] = flash.origin, flash.size_bytes // 2
        self.state[layout.S_ORIGIN_1], self.state[layout.S_LENGTH_1] = ram.origin, ram.size_bytes // 2
        tables = self.state[layout.HEADER : layout.HEADER + 3 * slots].reshape(3, slots)
        self._sizes, self._runs, self._taken = tables
        self._fresh = self.state[layout.HEADER + 3 * slots :]
        self._slots = slots
        self.continue_at(0)
        self._base_cycles = 0
        self._starts: list[int] = []
        self._straight: list[int] = []
        self._ends: dict[int, int] = {}
        self._arrays: tuple[Any, ...] | None = None
        self._hook: Any = None
        self._loader = threading.Thread(target=self._load, name="hook-loader", daemon=True)
        self._loader.start()

    def _load(self) -> None:
        from harness.virtual.block_hook import on_block

        self._hook = on_block

    def attach(self, engine: Any) -> None:
        """Register the hook with a Unicorn engine; call once, before anything runs."""
        from unicorn import UC_HOOK_BLOCK, UcError
        from unicorn.unicorn_py3.unicorn import uclib

        self._loader.join()
        handle = ctypes.c_size_t()
        add = uclib.uc_hook_add
        declared = add.argtypes
        add.argtypes = None  # the C function is variadic and takes the callback as a plain pointer
        status = add(
            engine._uch, ctypes.byref(handle), ctypes.c_int(UC_HOOK_BLOCK),
            ctypes.c_void_p(self._hook.address), ctypes.c_void_p(self.state.ctypes.data),
            ctypes.c_uint64(1), ctypes.c_uint64(0),
        )  # fmt: skip
        add.argtypes = declared
        if status:
            raise UcError(status)

    def request_stop(self) -> None:
        """Make the core stop before its next block; any thread may call it."""
        self.state[layout.S_STOP] = 1

    def clear_stop(self) -> None:
        """Take a stop request back."""
        self.state[layout.S_STOP] = 0

    def continue_at(self, address: int) -> None:
        """Tell that execution goes on at `address` for another reason than a branch."""
        self.state[layout.S_END] = address
        self.state[layout.S_END_SLOT] = self._slots - 1

    def cycles(self) -> int:
        """Cycles of all instructions executed so far, whole blocks at a time."""
        if self.state[layout.S_FRESH]:
            self._decode_fresh()
        if self._arrays is None:
            return self._base_cycles
        starts, straight, ends, extra = self._arrays
        total = int(self._runs[starts] @ straight) + int(self._taken[ends] @ extra)
        return self._base_cycles + total

    def _decode_fresh(self) -> None:
        count = int(self.state[layout.S_FRESH])
        if self.state[layout.S_RESIZED]:
            raise RuntimeError("a block changed its size while its code was the same")
        for slot in self._fresh[:count].tolist():
            size = int(self._sizes[slot])
            address, memory = self._locate(slot)
            cost = self._costs.block(memory.read(address, size), address)
            self._starts.append(slot)
            self._straight.append(cost.straight)
            if cost.taken_extra:
                self._ends[slot + size // 2] = cost.taken_extra
        self.state[layout.S_FRESH] = 0
        self._arrays = (
            np.array(self._starts, np.int64),
            np.array(self._straight, np.int64),
            np.array(list(self._ends), np.int64),
            np.array(list(self._ends.values()), np.int64),
        )

    def _locate(self, slot: int) -> tuple[int, Ram]:
        flash, ram = self._regions
        if slot < flash.size_bytes // 2:
            return flash.origin + 2 * slot, flash
        return ram.origin + 2 * slot - flash.size_bytes, ram

    def forget_code(self) -> None:
        """Keep the cycles so far but forget the blocks: the code in memory is about to change."""
        self._base_cycles = self.cycles()
        starts = np.array(self._starts, np.int64)
        ends = starts + self._sizes[starts] // 2
        self._sizes[starts] = 0
        self._runs[starts] = 0
        self._taken[ends] = 0
        self._starts, self._straight, self._ends, self._arrays = [], [], {}, None
