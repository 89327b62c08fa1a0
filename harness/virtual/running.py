"""The core's life: reset, running, halting, faults and lockup."""

import threading
from collections.abc import Callable

from harness.virtual.clock import Clock
from harness.virtual.core_entry import enter_exception, enter_reset
from harness.virtual.core_registers import LR, PC
from harness.virtual.core_state import C_DEBUGEN, C_HALT, C_STEP, HARD_FAULT, Fault, State
from harness.virtual.cortexm import scs
from harness.virtual.cortexm.scs import SystemControl
from harness.virtual.counting import CycleCounter
from harness.virtual.emulator import Emulator
from harness.virtual.memory import Bus
from harness.virtual.pace import Pace
from harness.virtual.stop import Stop

# A sleeping or spinning core looks for events this often.
_SLEEP_S = 0.02


class RunningCore:
    """State machine around the emulator.

    One thread calls `loop` and runs the emulator. Other threads hold `lock` around everything they do
    here or on the bus; they touch the emulator only while it is not running.

    Attributes:
        lock: Guards the core and all peripherals; released while instructions run.
        state: What the core does.
        fault: The last fault since reset.
        on_reset: Called when the chip resets, before it reads its vector table.
        pace: Keeps the core to the wall's clock; None for as fast as it can.
    """

    def __init__(
        self,
        emulator: Emulator,
        bus: Bus,
        control: SystemControl,
        counter: CycleCounter,
        clock: Clock,
        lock: threading.Condition,
        wake: Callable[[], None],
        on_fault: Callable[[Fault], None],
    ) -> None:
        self.lock = lock
        self.state = State.IN_RESET
        self.fault: Fault | None = None
        self.breakpoints: Callable[[], frozenset[int]] = frozenset
        self.on_reset: Callable[[], None] = lambda: None
        self.pace: Pace | None = None
        self._emulator = emulator
        self._registers = emulator.registers
        self._bus = bus
        self._control = control
        self._counter = counter
        self._clock = clock
        self._wake = wake
        self._on_fault = on_fault
        self._debug = 0
        self._executing = False
        self._halt_wanted = self._reset_wanted = self._hold_wanted = False
        self._steps = 0
        self._was_reset = False
        self._in_handler = False
        self._owner: threading.Thread | None = None

    # The owner's side.

    def loop(self) -> None:
        """Run the core for ever; the calling thread owns the emulator."""
        self._owner = threading.current_thread()
        while True:
            with self.lock:
                if self.state is not State.RUNNING:
                    self.lock.wait_for(lambda: self.state is State.RUNNING)
                    if self.pace:
                        self.pace.start()
                self._counter.clear_stop()
                if self._halt_wanted or self._reset_wanted or self._hold_wanted:
                    self._finish(Stop("requested"))
                    continue
                breakpoints = self.breakpoints() if self._debug & C_DEBUGEN else frozenset()
                step, self._steps = self._steps > 0, 0
                self._executing = True
            stop = self._emulator.run(breakpoints, step)
            with self.lock:
                self._executing = False
                if self.pace and stop.kind in ("requested", "sleep"):
                    self.pace.keep()
                self._finish(stop)

    def _finish(self, stop: Stop) -> None:
        """Act on the end of a run; with the lock held."""
        if self._hold_wanted:
            self.state, self._hold_wanted = State.IN_RESET, False
        elif self._reset_wanted:
            self._reset_wanted = False
            self._reset()
        elif stop.kind == "bkpt" and not self._debug & C_DEBUGEN:
            self._take(Stop("fault", "BKPT instruction with no debugger attached"), scs.HFSR_DEBUGEVT)
        elif stop.kind in ("bkpt", "breakpoint"):
            self._halt(scs.DFSR_BKPT)
        elif stop.kind in ("fault", "model"):
            self._take(stop, scs.HFSR_FORCED)
        elif stop.kind == "step":
            self._halt(scs.DFSR_HALTED)
        elif stop.kind == "sleep":
            self.lock.wait(_SLEEP_S)
            self._clock.wait(int(_SLEEP_S * self._clock.hz))
        if self._halt_wanted:
            self._halt(scs.DFSR_HALTED)
        self.lock.notify_all()

    def _halt(self, cause: int) -> None:
        self.state = State.HALTED
        self._halt_wanted = False
        self._debug |= C_HALT
        self._control[scs.DFSR] |= cause

    def _take(self, stop: Stop, hfsr: int) -> None:
        """Enter the HardFault handler as the hardware does, or lock up."""
        pc, lr = self._registers[PC], self._registers[LR]
        nested = self._in_handler
        if not nested:
            self.fault = Fault(pc, lr, stop.reason)
            self._on_fault(self.fault)
        self._control.note_fault(stop.cfsr, hfsr, stop.address)
        # What the emulation does not know must not be taken for a fault of the program.
        if nested or stop.kind == "model" or not self._enter_handler():
            self.state = State.LOCKUP
        elif self._debug & C_DEBUGEN and self._control[scs.DEMCR] & scs.DEMCR_VC_HARDERR:
            self._halt(scs.DFSR_VCATCH)

    def _enter_handler(self) -> bool:
        vector = self._control[scs.VTOR] + 4 * HARD_FAULT
        self._in_handler = enter_exception(self._registers, self._bus, vector)
        return self._in_handler

    # Reset.

    def power_on(self) -> None:
        """Leave the power-on reset."""
        with self.lock:
            self._reset()
            self.lock.notify_all()

    def request_reset(self) -> None:
        """Reset the system, from the core itself or from the debugger."""
        if self._executing:
            self._reset_wanted = True
            self._interrupt()
            self._await(lambda: not self._reset_wanted)
        else:
            self._reset()
            self.lock.notify_all()

    def hold_reset(self, asserted: bool) -> None:
        """Follow the reset pin."""
        if asserted:
            if self._executing:
                self._hold_wanted = True
                self._interrupt()
                self._await(lambda: not self._hold_wanted)
            self.state = State.IN_RESET
        elif self.state is State.IN_RESET:
            self._reset()
            self.lock.notify_all()

    def look_at_clock(self) -> None:
        """End the run under way for a moment, so that `pace` is kept. For another thread to call."""
        if self._executing:
            self._counter.request_stop()

    def _reset(self) -> None:
        self.on_reset()
        for peripherals in self._bus.peripherals.values():
            for peripheral in peripherals:
                peripheral.reset()
        start = enter_reset(self._registers, self._bus)
        self._was_reset = True
        self._in_handler = False
        self._halt_wanted = False
        self.fault = None
        self._debug &= ~(C_HALT | C_STEP)
        self.state = State.RUNNING
        if self._debug & C_DEBUGEN and self._control[scs.DEMCR] & scs.DEMCR_VC_CORERESET:
            self._halt(scs.DFSR_VCATCH)
        elif not start & 1 or not any(start in memory for memory in self._bus.memories):
            self.fault = Fault(start, 0, f"no program: the reset vector reads 0x{start:08X}")
            self.state = State.LOCKUP

    def _interrupt(self) -> None:
        self._counter.request_stop()
        self._wake()
        self.lock.notify_all()

    def _await(self, done: Callable[[], bool]) -> None:
        if threading.current_thread() is not self._owner:
            self.lock.wait_for(done, timeout=10.0)
