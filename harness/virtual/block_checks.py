"""What a block must not contain or do on the emulated core although the emulator lets it pass.

On Cortex-M0 these are instructions of ARMv7-M, which the hook finds by itself; on Cortex-M4 accesses that must be
aligned: the hook asks for a review of every block that has one, before it first runs.
"""

import ctypes
from typing import Any, NamedTuple

from unicorn import UC_HOOK_CODE

from harness.virtual import hook_layout as layout
from harness.virtual.alignment import Access, strict_accesses
from harness.virtual.core_registers import CoreRegisters
from harness.virtual.cortexm import scs
from harness.virtual.costs import CostTable
from harness.virtual.hook_state import HookState, add_hook, remove_hook


class Refusal(NamedTuple):
    """An instruction that is a fault.

    Attributes:
        address: Of the instruction.
        reached: Whether all before it has been executed.
        reason: What happened, in words.
        cfsr: Fault status bits.
    """

    address: int
    reached: bool
    reason: str
    cfsr: int


class BlockChecks:
    """The checks of one core.

    Args:
        core_type: `"cortex-m0"` or `"cortex-m4"`.
        costs: Decodes instructions.
        state: The hook's.
        engine: The Unicorn engine.
        registers: The core's.
    """

    def __init__(
        self, core_type: str, costs: CostTable, state: HookState, engine: Any, registers: CoreRegisters
    ) -> None:
        self._costs = costs
        self._state = state
        self._engine = engine
        self._registers = registers
        self._accesses: dict[int, list[Access]] = {}  # by the address of the block
        # By the address of the instruction: the handle of its hook, and what that is given.
        self._watched: dict[int, tuple[int, Any]] = {}
        flash, ram = state.regions
        state.array[layout.S_ARMV6M] = int(core_type == "cortex-m0")
        state.array[layout.S_CODE_0], state.array[layout.S_CODE_1] = flash.address, ram.address

    def review(self) -> bool:
        """Look at the block that the core has stopped ahead of for this; `False` if it has not."""
        start = self._take(layout.S_UNREVIEWED)
        if start is None:
            return False
        array = self._state.array
        size = array[layout.S_UNREVIEWED_SIZE]
        found = strict_accesses(self._costs.decode(self._state.code(start, size), start))
        entry = layout.REVIEWED
        for access in found:
            if access.when == layout.BEFORE_ACCESS:
                self._watch(access)
                self._engine.ctl_remove_cache(start, start + size)
            else:
                shift = layout.BASES_AT_ENTRY if access.when == layout.BEFORE_BLOCK else layout.BASES_AT_END
                entry |= 1 << shift + access.base
        array[self._state.blocks + self._state.slot(start)] = entry
        self._accesses[start] = found
        return True

    def _watch(self, access: Access) -> None:
        """Have the core stop at one instruction whenever its base register is not aligned."""
        if access.address not in self._watched:
            given = (ctypes.c_int64 * 2)(self._state.address_of(0), access.base)
            at, function = access.address, self._state.hook.on_access
            handle = add_hook(self._engine, UC_HOOK_CODE, function, ctypes.addressof(given), at, at)
            self._watched[at] = (handle, given)

    def take_refusal(self) -> Refusal | None:
        """The instruction for which the core has stopped, if it has for one."""
        illegal = self._take(layout.S_ILLEGAL)
        if illegal is not None:
            code = int.from_bytes(self._state.code(illegal, 2), "little")
            return Refusal(illegal, False, f"undefined instruction 0x{code:04X}", scs.CFSR_UNDEFINSTR)
        at = self._take(layout.S_UNALIGNED)
        if at is None:
            return None
        when = self._state.array[layout.S_UNALIGNED_WHEN]
        if when != layout.BEFORE_ACCESS:
            at = next(
                access.address
                for access in self._accesses[at]
                if access.when == when and self._registers[access.base] & 3
            )
        return Refusal(at, when != layout.BEFORE_BLOCK, "unaligned memory access", scs.CFSR_UNALIGNED)

    def _take(self, index: int) -> int | None:
        address, self._state.array[index] = self._state.array[index], 0
        return address & ~1 if address else None

    def forget(self) -> None:
        """Forget all blocks, because the code has changed since the last run."""
        for start in self._accesses:
            self._state.array[self._state.blocks + self._state.slot(start)] = 0
        self._accesses.clear()
        for handle, _ in self._watched.values():
            remove_hook(self._engine, handle)
        self._watched.clear()
