"""A whole virtual board: chip, serial line and debug port put together."""

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from harness.config.faults import Faults
from harness.config.kinds import BoardKind
from harness.virtual.chip import chip_of
from harness.virtual.clock import Clock
from harness.virtual.core import Core
from harness.virtual.core_state import Fault
from harness.virtual.cortexm.breakpoints import BreakpointUnit
from harness.virtual.cortexm.rom_table import PARTS, RomTable, identity
from harness.virtual.cortexm.scs import SystemControl
from harness.virtual.cortexm.systick import SysTick
from harness.virtual.cortexm.trace import TraceUnitM0, TraceUnitM4
from harness.virtual.costs import CostTable
from harness.virtual.counting import CycleCounter
from harness.virtual.debug_port import DebugPort
from harness.virtual.debug_server import DebugServer
from harness.virtual.emulator import Emulator
from harness.virtual.flash_timing import FlashTiming
from harness.virtual.injection import Injector
from harness.virtual.line import BoardLine
from harness.virtual.memory import Bus
from harness.virtual.meter import BoardMeter, MeteredLine
from harness.virtual.pace import Pace
from harness.virtual.registers import Peripheral
from harness.virtual.serial_line import SerialLine

# With the wall's clock: how often the core looks at it.
_LOOK_S = 0.005
_COMPARATORS = {"cortex-m0": 4, "cortex-m4": 6}


class VirtualBoard:
    """One emulated board.

    Args:
        kind: Its kind.
        device_id: 64-bit serial number of the chip.
        faults: Faults to inject.
        on_fault: Told of each fault that the core takes.
        on_probe_lost: Told when the probe's connection breaks on purpose.
        realtime: Whether its clock keeps to the wall's.
        wait_states: Of its flash, in place of those that the program sets, if given.

    Attributes:
        serial_port: Path of the serial device.
        debug_socket: Path of the debug port's socket.
        meter_port: Path of the simulated power meter's serial device.
        pace: What keeps its clock to the wall's; None where it runs as fast as it can.
    """

    def __init__(
        self,
        kind: BoardKind,
        device_id: int,
        faults: Faults,
        on_fault: Callable[[Fault], None],
        on_probe_lost: Callable[[], None],
        realtime: bool,
        wait_states: int | None,
    ) -> None:
        lock = threading.Condition(threading.RLock())
        injector = Injector(faults)
        chip = chip_of(kind, device_id, injector.damaged)
        timing = FlashTiming(kind.flash, wait_states)
        counter = CycleCounter(CostTable(kind.core), chip.flash, chip.ram, timing)
        clock = Clock(kind.clock_hz, counter.cycles, faults.dead_timer)
        injector.seconds = clock.seconds
        self.pace = Pace(clock, lock) if realtime else None
        line = SerialLine(lock)
        self.serial_port = line.port
        self._meter = BoardMeter(kind, clock, lock, lambda on: self._core.hold_reset(not on))
        self.meter_port = self._meter.port
        chip.on_edge = self._meter.on_edge

        parts = PARTS[kind.core]
        control = SystemControl(kind.core)
        trace: TraceUnitM0 | TraceUnitM4
        trace = TraceUnitM0() if kind.core == "cortex-m0" else TraceUnitM4(clock.timers)
        control.on_trace_enable = trace.set_trace
        breakpoints = BreakpointUnit(_COMPARATORS[kind.core])
        components: tuple[Peripheral, ...] = (control, trace, breakpoints)
        for component, name in zip(components, ("SCS", "DWT", "FPB"), strict=True):
            component.extend(identity(parts[name]))
        controller = chip.controller
        bus = Bus(
            memories=chip.memories,
            programmable=chip.programmable,
            read_only=chip.read_only,
            peripherals=(
                *chip.peripherals(
                    clock, MeteredLine(BoardLine(line, injector, kind.uart.baud, self.pace), self._meter)
                ),
                SysTick(clock.timers),
                *components,
                RomTable(kind.core, components),
            ),
            program=controller.program,
        )
        hidden = (trace, breakpoints) if kind.core == "cortex-m0" else ()
        emulator = Emulator(
            kind.core, bus, chip.writable, hidden, counter, lock, controller.program, chip.name_of
        )
        controller.on_setting = counter.set_flash
        controller.on_change = bus.on_change = emulator.code_changed
        self._core = Core(emulator, bus, control, counter, clock, lock, line.wake, on_fault)
        self._core.breakpoints = breakpoints.addresses
        breakpoints.on_change = self._core.refresh
        control.core = self._core
        self._core.pace = self.pace

        def on_reset() -> None:
            if injector.on_reset(chip.flash):
                emulator.code_changed()

        def brown_out() -> None:
            chip.ram.buffer[:] = bytes(chip.ram.size_bytes)
            self._core.request_reset()

        def breaks() -> bool:
            broken = injector.loses_probe()
            if broken:
                on_probe_lost()
            return broken

        self._core.on_reset = on_reset
        injector.reset = self._core.request_reset
        injector.brown_out = brown_out
        self.debug_socket = str(Path(tempfile.mkdtemp(prefix="harness-board-")) / "swd")
        self._server = DebugServer(
            self.debug_socket,
            DebugPort(kind.core, bus, chip.has_control_port, controller.erase_everything),
            lock,
            self._core.hold_reset,
            injector.refuses_probe,
            breaks,
        )

    def start(self) -> None:
        """Power on; the board runs in threads of its own until the process ends."""
        self._core.power_on()
        threading.Thread(target=self._core.loop, name="core", daemon=True).start()
        self._meter.start()
        threading.Thread(target=self._server.serve, name="debug", daemon=True).start()
        if self.pace:
            threading.Thread(target=self._keep_pace, name="pace", daemon=True).start()

    def _keep_pace(self) -> None:
        while True:
            time.sleep(_LOOK_S)
            self._core.look_at_clock()
