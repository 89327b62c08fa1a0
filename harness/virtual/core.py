"""The core as a debugger sees it: halt, step, registers."""

import threading

from harness.virtual.core_registers import XPSR
from harness.virtual.core_state import C_DEBUGEN, C_HALT, C_STEP, HARD_FAULT, State
from harness.virtual.cortexm import scs
from harness.virtual.running import RunningCore

_S_REGRDY, _S_HALT, _S_LOCKUP, _S_RETIRE_ST, _S_RESET_ST = 1 << 16, 1 << 17, 1 << 19, 1 << 24, 1 << 25


class Core(RunningCore):
    """A core with its debug registers. All is called with the lock held."""

    def dhcsr_status(self) -> int:
        """Value of DHCSR."""
        value = self._debug | _S_REGRDY
        if self.state is State.HALTED:
            value |= _S_HALT
        elif self.state is State.LOCKUP:
            value |= _S_LOCKUP
        elif self.state is not State.IN_RESET:
            value |= _S_RETIRE_ST
        if self._was_reset or self.state is State.IN_RESET:
            value |= _S_RESET_ST
            self._was_reset = False
        return value

    def set_debug_control(self, bits: int) -> None:
        """A write to DHCSR."""
        if threading.current_thread() is self._owner:
            return  # the program cannot control its own debugging
        self._debug = bits if bits & C_DEBUGEN else 0
        if self._debug & C_HALT:
            self._stop_running()
        elif self.state is State.HALTED:
            self._steps = 1 if self._debug & C_STEP else 0
            self.state = State.RUNNING
            self.lock.notify_all()
            if self._steps:
                self._await(lambda: self.state is not State.RUNNING)

    def refresh(self) -> None:
        """The breakpoints have changed: a running core starts anew with them."""
        if self._executing:
            self._interrupt()

    def _stop_running(self) -> None:
        if self.state is State.LOCKUP:
            self._halt(scs.DFSR_HALTED)
        elif self.state is State.RUNNING:
            self._halt_wanted = True
            self._interrupt()
            self._await(lambda: not self._halt_wanted)

    def read_register(self, selector: int) -> int:
        """A core register by its DCRSR selector; 0 unless halted."""
        if self.state is not State.HALTED:
            return 0
        value = self._registers[selector]
        if selector == XPSR and self._in_handler:
            value = value & ~0x1FF | HARD_FAULT
        return value

    def write_register(self, selector: int, value: int) -> None:
        """Set a core register by its DCRSR selector; ignored unless halted."""
        if self.state is not State.HALTED:
            return
        if selector == XPSR:
            self._in_handler = value & 0x1FF == HARD_FAULT
        self._registers[selector] = value
