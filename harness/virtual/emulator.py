"""The Unicorn engine behind the core: runs that end with a reason."""

import threading
from collections.abc import Callable
from typing import Any

from unicorn import UC_ARCH_ARM, UC_HOOK_INTR, UC_MODE_THUMB, Uc, UcError, arm_const

from harness.virtual.block_checks import BlockChecks, Refusal
from harness.virtual.core_registers import PC, CoreRegisters
from harness.virtual.cortexm import scs
from harness.virtual.counting import CycleCounter
from harness.virtual.engine_bus import EngineBus
from harness.virtual.memory import Bus, Ram
from harness.virtual.registers import Peripheral, UnmodelledAccessError
from harness.virtual.stop import Stop

_MODELS = {"cortex-m0": arm_const.UC_CPU_ARM_CORTEX_M0, "cortex-m4": arm_const.UC_CPU_ARM_CORTEX_M4}
_EXCEPTION_SVC, _EXCEPTION_DATA_ABORT, _EXCEPTION_BKPT = 2, 4, 7
_NOWHERE = 0xFFFF_FFFE
_WFI, _WFE, _BRANCH_TO_SELF = 0xBF30, 0xBF20, 0xE7FE
_NEVER_AN_INSTRUCTION = 0xFFFF_FFFC


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
        self._counter = counter
        self._checks = BlockChecks(core_type, counter.costs, counter.state, self._engine, self.registers)
        self._bus = EngineBus(bus, lock, flash_write, name_of)
        self._bus.map_into(self._engine, writable, counter.state.regions, hidden)
        self._stale = True
        self._exits: frozenset[int] = frozenset()
        self._exception: Stop | None = None
        self._stopped_at: int | None = None
        self._engine.hook_add(UC_HOOK_INTR, self._on_exception)
        counter.state.attach(self._engine)
        self._engine.ctl_exits_enabled(True)
        self._engine.ctl_set_exits([_NEVER_AN_INSTRUCTION])

    def code_changed(self) -> None:
        """Translations are stale; they are made anew before the next run."""
        self._stale = True

    def run(self, breakpoints: frozenset[int], step: bool = False) -> Stop:
        """Execute from the current PC until something ends it."""
        self._prepare(breakpoints, step)
        self._stopped_at = None
        try:
            stop = self._execute(breakpoints, step)
            refusal = self._checks.take_refusal()
            if refusal:
                stop = self._refuse(refusal)
            self._counter.settle()
            if stop.kind == "requested":
                # Between two blocks: whether the next one is reached by a branch counts when it runs.
                self._stopped_at = self.registers[PC]
        except UnmodelledAccessError as error:
            return Stop("model", str(error))
        except Exception as error:  # a hook's own mistake must not end the thread unseen
            return Stop("model", f"the emulation failed: {error!r}")
        finally:
            self._bus.apply_corrections()
        return stop

    def _execute(self, breakpoints: frozenset[int], step: bool) -> Stop:
        stop = self._execute_reviewed(breakpoints, step)
        while self._checks.review():
            stop = self._execute_reviewed(breakpoints, step)
        return stop

    def _execute_reviewed(self, breakpoints: frozenset[int], step: bool) -> Stop:
        """Execute until something ends it, which may be a block that is to be reviewed first."""
        self._exception = self._bus.stop = None
        started_at = self.registers[PC]
        try:
            self._engine.emu_start(started_at | 1, _NOWHERE, count=1 if step else 0)
        except UcError:
            return self._exception or self._bus.stop or self._undefined(started_at)
        if self._exception is not None:
            return self._exception
        if step:
            return Stop("step")
        pc = self.registers[PC]
        if pc in breakpoints:
            return Stop("breakpoint")
        sleeps = self._bus.halfword(pc - 2) == _WFI or self._bus.halfword(pc) == _BRANCH_TO_SELF
        return Stop("sleep" if sleeps else "requested")

    def _refuse(self, refusal: Refusal) -> Stop:
        """Execute what stands before an instruction that is a fault, and stop there."""
        if refusal.reached:
            self.registers[PC] = refusal.address
        elif self.registers[PC] != refusal.address:
            exits = frozenset({refusal.address})
            self._prepare(exits, step=False)
            stop = self._execute(exits, step=False)
            if stop.kind != "breakpoint":
                return stop
        return Stop("fault", refusal.reason, refusal.cfsr)

    def _prepare(self, breakpoints: frozenset[int], step: bool) -> None:
        if breakpoints != self._exits:
            self._exits = breakpoints
            self._engine.ctl_set_exits([_NEVER_AN_INSTRUCTION, *sorted(breakpoints)])
            self._stale = True
        # Blocks for a single step are translated apart, before it and after it.
        if self._stale or step:
            self._counter.forget_code()
            self._checks.forget()
            self._engine.ctl_flush_tb()
        self._stale = step
        if step or self.registers[PC] != self._stopped_at:
            self._counter.continue_at(self.registers[PC])

    def _undefined(self, started_at: int) -> Stop:
        pc = self.registers[PC]
        if self._bus.halfword(pc - 2) == _WFE and pc != started_at:
            return Stop("sleep")
        code = self._bus.halfword(pc)
        if code is None:
            return Stop(
                "fault", f"fetch of an instruction at 0x{pc:08X}, where no memory is", scs.CFSR_IBUSERR
            )
        return Stop("fault", f"undefined instruction 0x{code:04X}", scs.CFSR_UNDEFINSTR)

    def _on_exception(self, engine: Any, number: int, _user: Any) -> None:
        if number == _EXCEPTION_BKPT:
            self._exception = Stop("bkpt")
        elif number == _EXCEPTION_DATA_ABORT:
            self._exception = Stop("fault", "unaligned memory access", scs.CFSR_UNALIGNED)
        elif number == _EXCEPTION_SVC:
            self._exception = Stop("model", "the program calls SVC, and the virtual board does not model it")
        else:
            self._exception = Stop("model", f"exception {number} of the emulator, which has no meaning here")
        engine.emu_stop()
