"""The array that the compiled hook works on, and the hook at work on it."""

import ctypes
import mmap
from typing import Any

from harness.virtual import hook_layout as layout
from harness.virtual.hook import load_hook
from harness.virtual.memory import Ram

_WORD_BYTES = 8


class HookState:
    """State of one core's hook, by the indices of `hook_layout`.

    Args:
        flash: First executable region.
        ram: Second one.
        flash_units: Reads that the flash has room for; 0 where it never waits.

    Attributes:
        regions: The two.
        hook: The compiled functions.
        slots: Entries of each table.
        blocks, runs, taken, fresh, loads, counters: Where the tables begin.

    Raises:
        BuildError: The compiled part cannot be built.
    """

    def __init__(self, flash: Ram, ram: Ram, flash_units: int) -> None:
        self.regions = (flash, ram)
        self.hook = load_hook()
        self.slots = slots = (flash.size_bytes + ram.size_bytes) // 2 + 1
        tables = 6 if flash_units else 4
        words = layout.HEADER + tables * slots + flash_units
        # Anonymous memory is zero and takes room where it is written only, which is in few places of a large flash.
        self.array = (ctypes.c_int64 * words).from_buffer(mmap.mmap(-1, words * _WORD_BYTES))
        self.blocks, self.runs, self.taken, self.fresh, self.loads, self.counters = (
            layout.HEADER + i * slots for i in range(6)
        )
        self.array[layout.S_SLOTS] = slots
        self.array[layout.S_ORIGIN_0], self.array[layout.S_LENGTH_0] = flash.origin, flash.size_bytes // 2
        self.array[layout.S_ORIGIN_1], self.array[layout.S_LENGTH_1] = ram.origin, ram.size_bytes // 2

    def address_of(self, index: int) -> int:
        """Where an element lies in this process."""
        return ctypes.addressof(self.array) + index * _WORD_BYTES

    def slot(self, address: int) -> int:
        """Slot of an address in either region."""
        flash, ram = self.regions
        if address in flash:
            return (address - flash.origin) // 2
        return (address - ram.origin + flash.size_bytes) // 2

    def locate(self, slot: int) -> tuple[int, Ram]:
        """Address of a slot, and the region that it lies in."""
        flash, ram = self.regions
        if slot < flash.size_bytes // 2:
            return flash.origin + 2 * slot, flash
        return ram.origin + 2 * slot - flash.size_bytes, ram

    def code(self, address: int, size: int) -> bytes:
        """Copy of a block's code."""
        _, memory = self.locate(self.slot(address))
        return memory.read(address, size)

    def attach(self, engine: Any) -> None:
        """Have the hook called by a Unicorn engine for every block; call once, before anything runs."""
        from unicorn import UC_HOOK_BLOCK, arm_const
        from unicorn.unicorn_py3.unicorn import uclib

        self.array[layout.S_STOP_FUNCTION] = ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value or 0
        self.array[layout.S_REGISTER_FUNCTION] = ctypes.cast(uclib.uc_reg_read, ctypes.c_void_p).value or 0
        self.array[layout.S_FIRST_REGISTER] = int(arm_const.UC_ARM_REG_R0)
        self.array[layout.S_LINK_REGISTER] = int(arm_const.UC_ARM_REG_LR)
        add_hook(engine, UC_HOOK_BLOCK, self.hook.on_block, ctypes.addressof(self.array), 1, 0)


def add_hook(engine: Any, kind: int, function: Any, argument: int, begin: int, end: int) -> int:
    """Have a compiled function called by a Unicorn engine.

    Args:
        engine: The engine.
        kind: `UC_HOOK_...`
        function: The function.
        argument: Pointer that is handed to it.
        begin: First address for which it is called.
        end: Last one; below `begin` for everywhere.

    Returns:
        Handle of the hook.

    Raises:
        UcError: The engine refused.
    """
    from unicorn import UcError
    from unicorn.unicorn_py3.unicorn import uclib

    handle = ctypes.c_size_t()
    add = uclib.uc_hook_add
    declared = add.argtypes
    add.argtypes = None  # the C function is variadic and takes the callback as a plain pointer
    status = add(
        engine._uch, ctypes.byref(handle), ctypes.c_int(kind), ctypes.cast(function, ctypes.c_void_p),
        ctypes.c_void_p(argument), ctypes.c_uint64(begin), ctypes.c_uint64(end),
    )  # fmt: skip
    add.argtypes = declared
    if status:
        raise UcError(status)
    return handle.value


def remove_hook(engine: Any, handle: int) -> None:
    """Undo `add_hook`."""
    from unicorn.unicorn_py3.unicorn import uclib

    uclib.uc_hook_del(engine._uch, ctypes.c_size_t(handle))
