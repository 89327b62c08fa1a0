"""A whole virtual board: chip, serial line and debug port put together."""

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from harness.config.kinds import BoardKind
from harness.virtual.chip import chip_of
from harness.virtual.clock import Clock
from harness.virtual.core import Core, Fault
from harness.virtual.cortexm.breakpoints import BreakpointUnit
from harness.virtual.cortexm.rom_table import PARTS, RomTable, identity
from harness.virtual.cortexm.scs import SystemControl
from harness.virtual.cortexm.trace import TraceUnitM0, TraceUnitM4
from harness.virtual.costs import CostTable
from harness.virtual.counting import CycleCounter
from harness.virtual.debug_port import DebugPort
from harness.virtual.debug_server import DebugServer
from harness.virtual.emulator import Emulator
from harness.virtual.injection import Faults
from harness.virtual.memory import Bus
from harness.virtual.registers import Peripheral
from harness.virtual.serial_line import SerialLine

_COMPARATORS = {"cortex-m0": 4, "cortex-m4": 6}


class _FaultyLine:
    """The serial line with the injected faults between board and host."""

    def __init__(self, line: SerialLine, faults: Faults) -> None:
        self._faults = faults
        self._line = line
        self.receive = line.receive
        self.wait = line.wait

    def send(self, value: int) -> None:
        self._line.send(self._faults.on_line(value))


class VirtualBoard:
    """One emulated board.

    Args:
        kind: Its kind.
        device_id: 64-bit serial number of the chip.
        faults: Faults to inject.
        on_fault: Told of each fault that the core takes.

    Attributes:
        serial_port: Path of the serial device.
        debug_socket: Path of the debug port's socket.
    """

    def __init__(
        self, kind: BoardKind, device_id: int, faults: Faults, on_fault: Callable[[Fault], None]
    ) -> None:
        lock = threading.Condition(threading.RLock())
        chip = chip_of(kind, device_id, faults.damaged)
        counter = CycleCounter(CostTable(kind.core), chip.flash, chip.ram)
        clock = Clock(kind.clock_hz, counter.cycles)
        line = SerialLine(lock)
        self.serial_port = line.port

        parts = PARTS[kind.core]
        control = SystemControl(kind.core, clock)
        trace: TraceUnitM0 | TraceUnitM4
        trace = TraceUnitM0() if kind.core == "cortex-m0" else TraceUnitM4(clock)
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
                *chip.peripherals(clock, _FaultyLine(line, faults)),
                *components,
                RomTable(kind.core, components),
            ),
            program=controller.program,
        )
        hidden = (trace, breakpoints) if kind.core == "cortex-m0" else ()
        emulator = Emulator(
            kind.core, bus, chip.writable, hidden, counter, lock, controller.program, chip.name_of
        )
        controller.on_change = bus.on_change = emulator.code_changed
        self._core = Core(emulator, bus, control, counter, clock, lock, line.wake, on_fault)
        self._core.breakpoints = breakpoints.addresses
        breakpoints.on_change = self._core.refresh
        control.core = self._core
        self.debug_socket = str(Path(tempfile.mkdtemp(prefix="harness-board-")) / "swd")
        self._server = DebugServer(
            self.debug_socket,
            DebugPort(kind.core, bus, chip.has_control_port, controller.erase_everything),
            lock,
            self._core.hold_reset,
            faults.refuses_probe,
        )

    def start(self) -> None:
        """Power on; the board runs in threads of its own until the process ends."""
        self._core.power_on()
        threading.Thread(target=self._core.loop, name="core", daemon=True).start()
        threading.Thread(target=self._server.serve, name="debug", daemon=True).start()
