"""A board in the hands of this process: flash it, open its serial port, reset it, ask why it is silent."""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import serial

from harness.bench.chip import check_chip
from harness.bench.connection import Connection
from harness.bench.fault import describe_fault
from harness.bench.probe import connected_probes, mapped_errors
from harness.bench.programmer import FlashReport, Segment, load_segments, program, verify
from harness.bench.recovery import GENTLE, STEPS, RecoveryStep, recover
from harness.bench.spawn import VirtualProcess
from harness.bench.symbols import Symbols
from harness.bench.unit import Unit
from harness.config.kinds import BoardKind
from harness.errors import InputError, LinkError, ProbeError

if TYPE_CHECKING:
    from harness.firmware import Image

_READ_TIMEOUT_S = 1.0
_WRITE_TIMEOUT_S = 5.0
T = TypeVar("T")


class LeasedBoard:
    """A board that this process alone uses, until the `with` block of `open_board` ends.

    The probe is connected when first needed and stays so, because connecting takes longer than a reset. Where probe or
    flash fail, the steps of `harness.bench.recovery` are tried before an error is raised.

    Attributes:
        unit: The row of the inventory.
        name: What the user calls the board.
        kind: Its kind.
        virtual: Whether it is emulated, so that its latencies are estimates.
        probe_uid: Unique id of its debug probe.
        port_path: Its serial port.
        baud: Speed of the serial line, bits a second.
        meter: The power meter in its supply, as `lpm01a:PORT`; a virtual board's is simulated. None if it has none.
        recoveries: Every step that was taken to mend it, in order.
    """

    def __init__(
        self,
        unit: Unit,
        kind: BoardKind,
        process: VirtualProcess | None,
        on_recovery: Callable[[RecoveryStep], None] = lambda step: None,
    ) -> None:
        self.unit = unit
        self.name = unit.name
        self.kind = kind
        self.virtual = unit.virtual
        self.baud = unit.baud or kind.uart.baud
        self.recoveries: list[RecoveryStep] = []
        self._process = process
        self._on_recovery = on_recovery
        self._symbols = Symbols()
        self.probe_uid, self.port_path = process.wait_ready() if process else (unit.probe, unit.port)
        self._connection = Connection(self.name, self.probe_uid, kind, self.virtual)
        self.meter = f"lpm01a:{process.meter_port}" if process else unit.meter

    def flash(self, image: "Image | Path") -> FlashReport:
        """Erase, program, verify, and start the new program.

        Args:
            image: A built image, or the path of any ELF file linked for this board.

        Raises:
            InputError: The image is for another kind, or no ELF file.
            ProbeError: The probe cannot be opened or the connection failed.
            FlashError: Programming or verifying failed.
        """
        if isinstance(image, Path):
            elf_path = image
        elif image.kind == self.kind.name:
            elf_path = image.elf_path
        else:
            raise InputError(
                f"the image is for {image.kind} and {self.name} is a {self.kind.name}; build it anew"
            )
        segments = load_segments(elf_path)
        report = self._recover("flashing", lambda: self._flash(segments))
        self._symbols = Symbols(elf_path)
        return report

    def _flash(self, segments: Sequence[Segment]) -> FlashReport:
        start = time.monotonic()
        session = self.session()
        connected = time.monotonic()
        programmed_bytes, erase_s, program_s = program(session, self.name, segments)
        verify_s = verify(session, self.name, segments)
        self._reset()
        return FlashReport(
            image_bytes=sum(len(data) for _, data in segments),
            programmed_bytes=programmed_bytes,
            connect_s=connected - start,
            erase_s=erase_s,
            program_s=program_s,
            verify_s=verify_s,
            total_s=time.monotonic() - start,
        )

    def open_serial(self, baud: int | None = None) -> serial.Serial:
        """Open the serial port for this process alone. Open it before a reset to see what the board says.

        Args:
            baud: Speed of an image that has one of its own; None for the board's.

        Raises:
            LinkError: The port is missing, in use or not permitted.
        """
        try:
            return serial.Serial(
                self.port_path,
                baud or self.baud,
                timeout=_READ_TIMEOUT_S,
                write_timeout=_WRITE_TIMEOUT_S,
                exclusive=True,
            )
        except (OSError, ValueError) as error:
            raise LinkError(
                self.name,
                f"cannot open the serial port {self.port_path}: {error}; check the port in the bench file",
            ) from error

    def reset(self) -> None:
        """Reset the chip and let it run.

        Raises:
            ProbeError: The probe cannot be opened or the connection failed.
        """
        self._recover("resetting", self._reset)

    def _reset(self) -> None:
        session = self.session()
        with mapped_errors(self.name, "resetting"):
            session.target.reset()

    def write_memory(self, address: int, data: bytes) -> None:
        """Write to the chip's RAM through the probe; the program runs on meanwhile.

        Raises:
            ProbeError: The probe cannot be opened or the connection failed.
        """

        def write() -> None:
            session = self.session()
            with mapped_errors(self.name, "writing to the chip's memory"):
                session.target.write_memory_block8(address, data)
                session.target.flush()

        self._recover("writing", write, GENTLE)

    def check_chip(self) -> str:
        """What chip is there, in words.

        Raises:
            WrongChipError: It is not the kind's.
            ProbeError: The probe cannot be opened or the connection failed.
        """
        return self._recover("connecting", lambda: check_chip(self.session(), self.name, self.kind))

    def fault(self) -> str | None:
        """Why the core stopped, in words; `None` if it runs. A core in a fault is left halted.

        Raises:
            ProbeError: The probe cannot be opened or the connection failed.
        """
        session = self.session()
        with mapped_errors(self.name, "reading the core's state"):
            found = describe_fault(session.target, self._symbols.locate)
        known = self._process.last_fault() if self._process and found else None
        return f"{found} ({known})" if known else found

    def close(self) -> None:
        """Let the probe go; the program runs on."""
        self._connection.close()

    # What the steps of a recovery need.

    def reconnect(self, *, under_reset: bool = False, frequency_hz: int | None = None) -> None:
        """Open a new session with the probe.

        Raises:
            ProbeError: It cannot be opened.
            WrongChipError: Another chip is there.
        """
        self._connection.reconnect(under_reset=under_reset, frequency_hz=frequency_hz)

    def mass_erase(self) -> None:
        """Erase all of the chip's flash.

        Raises:
            FlashError: The chip refuses.
            ProbeError: The connection failed.
        """
        from pyocd.flash.eraser import FlashEraser

        with mapped_errors(self.name, "erasing all of the flash"):
            FlashEraser(self.session(), FlashEraser.Mode.MASS).erase()

    def probe_is_there(self) -> bool:
        """Whether the probe is among those connected.

        Raises:
            ProbeError: It cannot come back, because the virtual board's process has ended.
        """
        if self._process and not self._process.running():
            raise ProbeError(self.name, "the virtual board's process has ended; start the command again")
        return self.probe_uid in connected_probes()

    def session(self) -> Any:
        """pyOCD's session with the probe; nothing is tried to mend the board.

        Raises:
            ProbeError: The probe cannot be opened.
            WrongChipError: Another chip is there than the kind says.
        """
        return self._connection.session()

    def _recover(self, doing: str, action: Callable[[], T], steps: Iterable[str] = STEPS) -> T:
        return recover(self, doing, action, steps, self._on_recovery)
