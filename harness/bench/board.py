"""A board in the hands of this process: flash it, open its serial port, reset it, ask why it is silent."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import serial

from harness.bench.fault import describe_fault
from harness.bench.inventory import Unit, resolve
from harness.bench.lease import lease
from harness.bench.probe import mapped_errors, open_session, preload
from harness.bench.programmer import FlashReport, load_segments, program, verify
from harness.bench.spawn import VirtualProcess
from harness.bench.symbols import Symbols
from harness.config.kinds import BoardKind, load_kind
from harness.errors import InputError, LinkError

if TYPE_CHECKING:
    from harness.firmware import Image

_READ_TIMEOUT_S = 1.0
_WRITE_TIMEOUT_S = 5.0


class LeasedBoard:
    """A board that this process alone uses, until the `with` block of `open_board` ends.

    The probe is connected when first needed and stays so, because connecting takes longer than a reset.

    Attributes:
        unit: The row of the inventory.
        name: What the user calls the board.
        kind: Its kind.
        virtual: Whether it is emulated, so that its latencies are estimates.
        probe_uid: Unique id of its debug probe.
        port_path: Its serial port.
        baud: Speed of the serial line, bits a second.
    """

    def __init__(self, unit: Unit, kind: BoardKind, process: VirtualProcess | None) -> None:
        self.unit = unit
        self.name = unit.name
        self.kind = kind
        self.virtual = unit.virtual
        self.baud = unit.baud or kind.uart.baud
        self._process = process
        self._session: Any = None
        self._symbols = Symbols()
        self.probe_uid, self.port_path = process.wait_ready() if process else (unit.probe, unit.port)

    def flash(self, image: "Image | Path") -> FlashReport:
        """Erase, program, verify, and start the new program.

        Args:
            image: A built image, or the path of any ELF file linked for this board.

        Raises:
            InputError: The image is for another kind, or no ELF file.
            ProbeError: The probe cannot be opened or the connection failed.
            FlashError: Programming or verifying failed.
        """
        start = time.monotonic()
        if isinstance(image, Path):
            elf_path = image
        elif image.kind == self.kind.name:
            elf_path = image.elf_path
        else:
            raise InputError(
                f"the image is for {image.kind} and {self.name} is a {self.kind.name}; build it anew"
            )
        segments = load_segments(elf_path)
        session = self._connected()
        connected = time.monotonic()
        programmed_bytes, erase_s, program_s = program(session, self.name, segments)
        verify_s = verify(session, self.name, segments)
        self._symbols = Symbols(elf_path)
        self.reset()
        return FlashReport(
            image_bytes=sum(len(data) for _, data in segments),
            programmed_bytes=programmed_bytes,
            connect_s=connected - start,
            erase_s=erase_s,
            program_s=program_s,
            verify_s=verify_s,
            total_s=time.monotonic() - start,
        )

    def open_serial(self) -> serial.Serial:
        """Open the serial port for this process alone. Open it before a reset to see what the board says.

        Raises:
            LinkError: The port is missing, in use or not permitted.
        """
        try:
            return serial.Serial(
                self.port_path,
                self.baud,
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
        session = self._connected()
        with mapped_errors(self.name, "resetting"):
            session.target.reset()

    def write_memory(self, address: int, data: bytes) -> None:
        """Write to the chip's RAM through the probe; the program runs on meanwhile.

        Raises:
            ProbeError: The probe cannot be opened or the connection failed.
        """
        session = self._connected()
        with mapped_errors(self.name, "writing to the chip's memory"):
            session.target.write_memory_block8(address, data)
            session.target.flush()

    def fault(self) -> str | None:
        """Why the core stopped, in words; `None` if it runs. A core in a fault is left halted.

        Raises:
            ProbeError: The probe cannot be opened or the connection failed.
        """
        session = self._connected()
        with mapped_errors(self.name, "reading the core's state"):
            found = describe_fault(session.target, self._symbols.locate)
        known = self._process.last_fault() if self._process and found else None
        return f"{found} ({known})" if known else found

    def close(self) -> None:
        """Let the probe go; the program runs on."""
        if self._session is not None:
            session, self._session = self._session, None
            with mapped_errors(self.name, "disconnecting"):
                session.close()

    def _connected(self) -> Any:
        if self._session is None:
            self._session = open_session(self.name, self.probe_uid, self.kind)
        return self._session


@contextmanager
def open_board(
    board: str | Unit, *, wait_s: float = 0.0, virtual_options: Sequence[str] = ()
) -> Iterator[LeasedBoard]:
    """Lease a board, and start it if it is a virtual one.

    Args:
        board: Name of a unit of the bench file, or `virtual:<kind>`.
        wait_s: How long to wait for another holder of the lease.
        virtual_options: Further options for the process of a virtual board, such as `--faults`.

    Raises:
        InputError: There is no such board.
        BusyError: Another process holds it.
        ProbeError: The virtual board does not start.
    """
    unit = board if isinstance(board, Unit) else resolve(board)
    kind = load_kind(unit.kind)
    with lease(unit, wait_s):
        process = VirtualProcess(unit.name, unit.kind, virtual_options) if unit.virtual else None
        try:
            preload()
            leased = LeasedBoard(unit, kind, process)
            try:
                yield leased
            finally:
                leased.close()
        finally:
            if process:
                process.close()
