"""The Unicorn engine behind the core: memory map, registers, and runs that end with a reason."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from unicorn import (
    UC_ARCH_ARM,
    UC_HOOK_INTR,
    UC_HOOK_MEM_INVALID,
    UC_MEM_FETCH_PROT,
    UC_MEM_FETCH_UNMAPPED,
    UC_MEM_READ_PROT,
    UC_MEM_READ_UNMAPPED,
    UC_MEM_WRITE_PROT,
    UC_MODE_THUMB,
    UC_PROT_EXEC,
    UC_PROT_READ,
    UC_PROT_WRITE,
    Uc,
    UcError,
    arm_const,
)

from harness.virtual.core_registers import PC, CoreRegisters
from harness.virtual.cortexm import scs
from harness.virtual.counting import CycleCounter
from harness.virtual.memory import Bus, BusError, Ram
from harness.virtual.registers import Peripheral, UnmodelledAccessError

_MODELS = {"cortex-m0": arm_const.UC_CPU_ARM_CORTEX_M0, "cortex-m4": arm_const.UC_CPU_ARM_CORTEX_M4}
_EXCEPTION_SVC, _EXCEPTION_DATA_ABORT, _EXCEPTION_BKPT = 2, 4, 7
_NOWHERE = 0xFFFF_FFFE
_WFI, _WFE, _BRANCH_TO_SELF = 0xBF30, 0xBF20, 0xE7FE
_NEVER_AN_INSTRUCTION = 0xFFFF_FFFC


@dataclass(frozen=True)
class Stop:
    """Why a run ended.

    Attributes:
        kind: `requested` by another thread, at a `breakpoint` address, at a `bkpt` instruction, after a
            single `step`, to `sleep` until an event, or by a `fault`; `model` is a fault of the
            emulation: something that it does not know.
        reason: For faults, what happened, in words.
        cfsr: Fault status bits.
        address: Faulting data address.
    """

    kind: Literal["requested", "breakpoint", "bkpt", "step", "sleep", "fault", "model"]
    reason: str = ""
    cfsr: int = 0
    address: int | None = None


class Emulator:
    """A Cortex-M0 or M4 core on a bus. Only the thread that calls `run` may do so.

    Args:
        core_type: `"cortex-m0"` or `"cortex-m4"`.
        bus: Memories and peripherals.
        writable: The memories that the core may write freely; the others are flash.
        hidden: Peripherals that only the debugger sees.
        counter: Counts what is executed.
        lock: Held around every peripheral access.
        flash_write: Programs a word and gives what is stored then.
        name_of: Names what lies at a peripheral's address.

    Attributes:
        registers: The core's registers; not to be touched while it runs.
    """

    def __init__(
        self,
        core_type: str,
        bus: Bus,
        writable: tuple[Ram, ...],
        hidden: tuple[Peripheral, ...],
        counter: CycleCounter,
        lock: threading.Condition,
        flash_write: Callable[[int, int, int], int],
        name_of: Callable[[int], str],
    ) -> None:
        self._engine = Uc(UC_ARCH_ARM, UC_MODE_THUMB)
        self._engine.ctl_set_cpu_model(_MODELS[core_type])
        self.registers = CoreRegisters(self._engine)
        self._bus = bus
        self._counter = counter
        self._lock = lock
        self._flash_write = flash_write
        self._name_of = name_of
        self._stale = True
        self._exits: frozenset[int] = frozenset()
        self._stop: Stop | None = None
        self._stopped_at: int | None = None
        self._corrections: list[tuple[Ram, int, bytes]] = []
        self._map(writable, hidden)
        self._engine.hook_add(UC_HOOK_INTR, self._on_exception)
        self._engine.hook_add(UC_HOOK_MEM_INVALID, self._on_invalid)
        self._counter.attach(self._engine)
        self._engine.ctl_exits_enabled(True)
        self._engine.ctl_set_exits([_NEVER_AN_INSTRUCTION])

    def _map(self, writable: tuple[Ram, ...], hidden: tuple[Peripheral, ...]) -> None:
        for memory in self._bus.memories:
            rights = UC_PROT_READ | (UC_PROT_WRITE if memory in writable else 0)
            rights |= UC_PROT_EXEC if self._counter.follows(memory) else 0
            self._engine.mem_map_ptr(memory.origin, memory.size_bytes, rights, memory.address)
        for page, peripherals in self._bus.peripherals.items():
            if not any(peripheral in hidden for peripheral in peripherals):
                self._engine.mmio_map(page, 0x1000, self._on_read, page, self._on_write, page)

    def code_changed(self) -> None:
        """Translations are stale; they are made anew before the next run."""
        self._stale = True

    # Running.

    def run(self, breakpoints: frozenset[int], step: bool = False) -> Stop:
        """Execute from the current PC until something ends it."""
        self._prepare(breakpoints, step)
        self._stop = self._stopped_at = None
        try:
            stop = self._execute(breakpoints, step)
            illegal = self._counter.take_illegal()
            if illegal:
                stop = self._run_to(illegal)
            self._counter.settle()
            if stop.kind == "requested":
                # Between two blocks: whether the next one is reached by a branch counts when it runs.
                self._stopped_at = self.registers[PC]
        except UnmodelledAccessError as error:
            return Stop("model", str(error))
        except Exception as error:  # a hook's own mistake must not end the thread unseen
            return Stop("model", f"the emulation failed: {error!r}")
        finally:
            self.apply_corrections()
        return stop

    def _execute(self, breakpoints: frozenset[int], step: bool) -> Stop:
        started_at = self.registers[PC]
        try:
            self._engine.emu_start(started_at | 1, _NOWHERE, count=1 if step else 0)
        except UcError:
            return self._stop or self._undefined(started_at)
        if self._stop is not None:
            return self._stop
        if step:
            return Stop("step")
        pc = self.registers[PC]
        if pc in breakpoints:
            return Stop("breakpoint")
        sleeps = self._halfword(pc - 2) == _WFI or self._halfword(pc) == _BRANCH_TO_SELF
        return Stop("sleep" if sleeps else "requested")

    def _run_to(self, illegal: int) -> Stop:
        """Execute what stands before an instruction that the core does not have, which is a fault."""
        if self.registers[PC] != illegal:
            self._prepare(frozenset({illegal}), step=False)
            stop = self._execute(frozenset({illegal}), step=False)
            if stop.kind != "breakpoint":
                return stop
        return Stop("fault", f"undefined instruction 0x{self._halfword(illegal):04X}", scs.CFSR_UNDEFINSTR)

    def _prepare(self, breakpoints: frozenset[int], step: bool) -> None:
        if breakpoints != self._exits:
            self._exits = breakpoints
            self._engine.ctl_set_exits([_NEVER_AN_INSTRUCTION, *sorted(breakpoints)])
            self._stale = True
        # Blocks for a single step are translated apart, before it and after it.
        if self._stale or step:
            self._counter.forget_code()
            self._engine.ctl_flush_tb()
        self._stale = step
        if step or self.registers[PC] != self._stopped_at:
            self._counter.continue_at(self.registers[PC])

    def _undefined(self, started_at: int) -> Stop:
        pc = self.registers[PC]
        if self._halfword(pc - 2) == _WFE and pc != started_at:
            return Stop("sleep")
        code = self._halfword(pc)
        if code is None:
            return Stop(
                "fault", f"fetch of an instruction at 0x{pc:08X}, where no memory is", scs.CFSR_IBUSERR
            )
        return Stop("fault", f"undefined instruction 0x{code:04X}", scs.CFSR_UNDEFINSTR)

    def _halfword(self, address: int) -> int | None:
        memory = self._bus.memory(address)
        return None if memory is None else int.from_bytes(memory.read(address, 2), "little")

    def apply_corrections(self) -> None:
        """Put right what stores to flash left: the engine stores the value itself after the hook."""
        for memory, address, content in self._corrections:
            memory.write(address, content)
        self._corrections.clear()

    # Hooks; they run in the thread that runs the core.

    def _on_exception(self, engine: Any, number: int, _user: Any) -> None:
        if number == _EXCEPTION_BKPT:
            self._stop = Stop("bkpt")
        elif number == _EXCEPTION_DATA_ABORT:
            self._stop = Stop("fault", "unaligned memory access", scs.CFSR_UNALIGNED)
        elif number == _EXCEPTION_SVC:
            self._stop = Stop("model", "the program calls SVC, and the virtual board does not model it")
        else:
            self._stop = Stop("model", f"exception {number} of the emulator, which has no meaning here")
        engine.emu_stop()

    def _on_invalid(self, _engine: Any, access: int, address: int, size: int, value: int, _user: Any) -> bool:
        if access == UC_MEM_WRITE_PROT:
            return self._on_flash_store(address, size, value & ((1 << 8 * size) - 1))
        if access == UC_MEM_FETCH_PROT:
            self._stop = Stop(
                "model",
                f"the program runs code at 0x{address:08X}, and the virtual board runs it in flash and RAM only",
            )
            return False
        if access == UC_MEM_FETCH_UNMAPPED:
            what, bits = "fetch of an instruction", scs.CFSR_IBUSERR
            self._stop = Stop("fault", f"{what} at 0x{address:08X}, where no memory is", bits)
            return False
        what = "read" if access in (UC_MEM_READ_UNMAPPED, UC_MEM_READ_PROT) else "write"
        name = self._name_of(address)
        if name:
            reason = f"{what} of {name} (address 0x{address:08X}), which the virtual board does not model"
            self._stop = Stop("model", reason)
        else:
            reason = f"{what} of {size} bytes at 0x{address:08X}, where nothing is"
            self._stop = Stop("fault", reason, scs.CFSR_PRECISERR | scs.CFSR_BFARVALID, address)
        return False

    def _on_flash_store(self, address: int, size: int, value: int) -> bool:
        try:
            with self._lock:
                self.apply_corrections()
                stored = self._flash_write(address, size, value)
        except BusError as error:
            bits = scs.CFSR_PRECISERR | scs.CFSR_BFARVALID
            self._stop = Stop("fault", str(error), bits, address)
            return False
        if stored != value:
            memory = self._bus.memory(address)
            assert memory is not None
            self._corrections.append((memory, address, stored.to_bytes(size, "little")))
        return True

    def _on_read(self, _engine: Any, offset: int, size: int, page: int) -> int:
        with self._lock:
            self.apply_corrections()
            peripheral = self._peripheral(page + offset)
            return peripheral.read(page + offset - peripheral.BASE, size)

    def _on_write(self, _engine: Any, offset: int, size: int, value: int, page: int) -> None:
        with self._lock:
            self.apply_corrections()
            peripheral = self._peripheral(page + offset)
            peripheral.write(page + offset - peripheral.BASE, size, value)

    def _peripheral(self, address: int) -> Peripheral:
        peripheral = self._bus.peripheral(address)
        if peripheral is None:
            name = self._name_of(address)
            place = f"{name} (address 0x{address:08X})" if name else f"0x{address:08X}"
            raise UnmodelledAccessError(f"access to {place}, which the virtual board does not model")
        return peripheral
