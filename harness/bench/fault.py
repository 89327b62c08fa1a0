"""Asks a silent core what became of it, through its debug registers."""

from collections.abc import Callable
from typing import Any

_DHCSR, _DFSR, _CFSR, _HFSR, _BFAR = 0xE000_EDF0, 0xE000_ED30, 0xE000_ED28, 0xE000_ED2C, 0xE000_ED38
_S_HALT, _S_LOCKUP = 1 << 17, 1 << 19
_DFSR_BKPT = 1 << 1
_BFARVALID = 1 << 15
_FAULT_HANDLERS = {3: "HardFault", 4: "MemManage fault", 5: "BusFault", 6: "UsageFault"}
_EXC_RETURNS = (0xFFFF_FFF1, 0xFFFF_FFF9, 0xFFFF_FFFD, 0xFFFF_FFE1, 0xFFFF_FFE9, 0xFFFF_FFED)
# How far above the stack pointer a fault handler may have moved away from the exception frame.
_SEARCH_WORDS = 64

_CAUSES = (
    (_CFSR, 1 << 16, "undefined instruction"),
    (_CFSR, 1 << 17, "branch to an address without the Thumb bit"),
    (_CFSR, 1 << 18, "return from an exception with a wrong state"),
    (_CFSR, 1 << 19, "floating point used while it is switched off"),
    (_CFSR, 1 << 24, "unaligned access"),
    (_CFSR, 1 << 25, "division by zero"),
    (_CFSR, 1 << 8, "fetch of an instruction where no memory is"),
    (_CFSR, 1 << 9, "access to an address where nothing is"),
    (_CFSR, 1 << 10, "write to an address where nothing is"),
    (_CFSR, 1 << 12, "the stack reached an address where no memory is"),
    (_CFSR, 1 << 0, "fetch of an instruction from a forbidden region"),
    (_CFSR, 1 << 1, "access to a forbidden region"),
    (_HFSR, 1 << 1, "the vector table cannot be read"),
    (_HFSR, 1 << 31, "breakpoint instruction"),
)


def describe_fault(target: Any, locate: Callable[[int], str]) -> str | None:
    """What the core's fault is, in words; `None` if it runs normally, and then it goes on running.

    Args:
        target: pyOCD's target, connected.
        locate: Gives the words for a code address.
    """
    status = target.read32(_DHCSR)
    was_halted = bool(status & _S_HALT)
    if not was_halted:
        target.halt()
    exception = target.read_core_register("xpsr") & 0x1FF
    pc = target.read_core_register("pc")
    cause = _cause(target)
    if exception in _FAULT_HANDLERS:
        frame = _frame(target)
        what = _FAULT_HANDLERS[exception] + (f", {cause}," if cause else "")
        if frame is None:
            return f"{what} (the place is not on the stack)"
        return f"{what} at {locate(frame[1])}, LR {locate(frame[0])}"
    if status & _S_LOCKUP:
        return f"the core is locked up at {locate(pc)}" + (f": {cause}" if cause else "")
    if was_halted and target.read32(_DFSR) & _DFSR_BKPT:
        return f"the core stopped at a breakpoint instruction at {locate(pc)}"
    if not was_halted:
        target.resume()
    return None


def _cause(target: Any) -> str:
    """The fault status registers in words; Cortex-M0 has none."""
    from pyocd.coresight.core_ids import CoreArchitecture

    if target.selected_core.architecture is CoreArchitecture.ARMv6M:
        return ""
    values = {register: target.read32(register) for register in (_CFSR, _HFSR)}
    causes = [text for register, bit, text in _CAUSES if values[register] & bit]
    if causes and values[_CFSR] & _BFARVALID:
        causes[-1] += f" (0x{target.read32(_BFAR):08X})"
    return " and ".join(causes)


def _frame(target: Any) -> tuple[int, int] | None:
    """(LR, PC) that the hardware stacked, `None` if the frame is not to be found."""
    lr, stack = target.read_core_register("lr"), target.read_core_register("sp")
    if lr in _EXC_RETURNS:
        start = target.read_core_register("psp") if lr & 4 else stack
    else:
        # The handler has pushed LR, so the frame begins above the pushed value.
        words = _read_words(target, stack)
        if not any(word in _EXC_RETURNS for word in words):
            return None
        start = stack + 4 * (1 + next(i for i, word in enumerate(words) if word in _EXC_RETURNS))
    frame = _read_words(target, start, 8)
    return (frame[5], frame[6]) if len(frame) == 8 else None


def _read_words(target: Any, address: int, count: int = _SEARCH_WORDS) -> list[int]:
    from pyocd.core import exceptions

    words: list[int] = []
    try:
        for index in range(count):
            words.append(target.read32(address + 4 * index))
    except exceptions.TransferError:
        pass  # the end of the memory
    return words
