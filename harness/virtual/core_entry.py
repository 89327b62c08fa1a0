"""Reset and exception entry, which the emulator leaves to us: what the core does to its registers and its stack."""

from harness.virtual.core_registers import LR, MSP, PACKED, PC, PSP, SP, XPSR, CoreRegisters
from harness.virtual.memory import Bus, BusError

_EXC_RETURN_MSP, _EXC_RETURN_PSP = 0xFFFF_FFF9, 0xFFFF_FFFD
_THUMB = 1 << 24
_USES_PSP = 2 << 24  # CONTROL.SPSEL in the packed register


def enter_reset(registers: CoreRegisters, bus: Bus) -> int:
    """Load stack and PC from the vector table at 0, as the core does after a reset.

    Returns:
        The vector: address of the first instruction, with bit 0 set if it is one.
    """
    for selector in (*range(13), PSP, PACKED):
        registers[selector] = 0
    stack, start = bus.load(0, 4), bus.load(4, 4)
    registers[XPSR] = _THUMB
    registers[MSP] = stack & ~3
    registers[LR] = 0xFFFF_FFFF
    registers[PC] = start
    return start


def enter_exception(registers: CoreRegisters, bus: Bus, vector_address: int) -> bool:
    """Do what the core does on an exception; `False` if it cannot, and then it locks up.

    Args:
        registers: The core's registers; PC is the instruction that faulted.
        bus: Where the vector is read from and the frame written to.
        vector_address: Address of the handler's entry in the vector table.
    """
    on_process_stack = bool(registers[PACKED] & _USES_PSP)
    stack = registers[SP]
    frame_at = (stack - 32) & ~7
    xpsr = registers[XPSR] | _THUMB | (stack >> 2 & 1) << 9  # bit 9: a word was skipped to align the frame
    frame = [*(registers[number] for number in (0, 1, 2, 3, 12)), registers[LR], registers[PC], xpsr]
    try:
        handler = bus.load(vector_address, 4)
        if not handler & 1 or bus.memory(handler) is None:
            return False
        for index, word in enumerate(frame):
            bus.store(frame_at + 4 * index, 4, word)
    except BusError:
        return False
    if on_process_stack:
        registers[PSP] = frame_at
        registers[PACKED] = registers[PACKED] & ~_USES_PSP
    else:
        registers[SP] = frame_at
    registers[LR] = _EXC_RETURN_PSP if on_process_stack else _EXC_RETURN_MSP
    registers[PC] = handler
    return True
