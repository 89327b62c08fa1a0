"""The compiled hook that Unicorn calls at the start of every block."""

import ctypes

import numpy as np
from llvmlite import binding
from numba import carray, cfunc, types
from unicorn.unicorn_py3.unicorn import uclib

from harness.virtual.hook_layout import (
    HEADER,
    S_END,
    S_END_SLOT,
    S_FRESH,
    S_LENGTH_0,
    S_LENGTH_1,
    S_ORIGIN_0,
    S_ORIGIN_1,
    S_RESIZED,
    S_SLOTS,
    S_STOP,
)

# The cached machine code refers to the function by name.
binding.add_symbol("uc_emu_stop", ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value)
_emu_stop = types.ExternalFunction("uc_emu_stop", types.int32(types.voidptr))


@cfunc(types.void(types.voidptr, types.uint64, types.uint32, types.voidptr), cache=True)  # type: ignore[untyped-decorator]
def on_block(engine, address, size, user_data):  # type: ignore[no-untyped-def]  # typed by its signature
    """Count one execution of the block at `address`."""
    state = carray(user_data, (1 << 30,), types.int64)
    start = np.int64(address)
    if state[S_STOP] != 0:
        _emu_stop(engine)  # takes effect before the block's first instruction
        return
    slots = state[S_SLOTS]
    slot = (start - state[S_ORIGIN_0]) >> 1
    if slot < 0 or slot >= state[S_LENGTH_0]:
        slot = (start - state[S_ORIGIN_1]) >> 1
        if slot < 0 or slot >= state[S_LENGTH_1]:
            return
        slot += state[S_LENGTH_0]
    length = np.int64(size)
    known = state[HEADER + slot]
    if known != length:
        if known != 0:
            state[S_RESIZED] += 1
        state[HEADER + slot] = length
        state[HEADER + 3 * slots + state[S_FRESH]] = slot
        state[S_FRESH] += 1
    state[HEADER + slots + slot] += 1
    if start != state[S_END]:
        state[HEADER + 2 * slots + state[S_END_SLOT]] += 1
    state[S_END] = start + length
    state[S_END_SLOT] = slot + (length >> 1)
