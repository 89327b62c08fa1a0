"""A serial port as lines in and commands out, with deadlines. Knows nothing of what they mean."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from harness.dut.parser import split_lines
from harness.errors import LinkError

# Setting pyserial's timeout reconfigures the port, so it is set once and deadlines are kept here.
# An empty read costs one wake-up, and a deadline is kept to within this.
_POLL_S = 0.05
_BITS_A_BYTE = 10  # 8N1


class SerialPort(Protocol):
    """What is used of `serial.Serial`; the object of `serial.serial_for_url` has it too."""

    timeout: float | None

    @property
    def baudrate(self) -> int: ...

    @property
    def in_waiting(self) -> int: ...

    def read(self, size: int = 1, /) -> bytes: ...

    def write(self, b: bytes, /) -> int | None: ...


class LineLink:
    """Lines and commands over one open port.

    Attributes:
        board: The unit's name, for messages.
        trace: Called with `">"` or `"<"` and the text of each command sent and line received.
    """

    def __init__(self, port: SerialPort, board: str, trace: Callable[[str, str], None] | None = None) -> None:
        self.board = board
        self.trace = trace
        self._port = port
        self._rest = b""
        self._lines: deque[str] = deque()
        with self._mapped():
            port.timeout = _POLL_S

    def transfer_s(self, size_bytes: int) -> float:
        """Seconds that `size_bytes` take on the wire at the port's speed."""
        return size_bytes * _BITS_A_BYTE / self._port.baudrate

    def send(self, command: str) -> None:
        """Write one command and its terminator.

        Raises:
            LinkError: The port is gone.
        """
        if self.trace:
            self.trace(">", command)
        with self._mapped():
            self._port.write(command.encode("ascii") + b"%")

    def line(self, deadline: float) -> str | None:
        """The next line that is not empty, or None when `time.monotonic()` passes `deadline`.

        Raises:
            LinkError: The port is gone.
        """
        while True:
            while self._lines:
                line = self._lines.popleft()
                if line:
                    if self.trace:
                        self.trace("<", line)
                    return line
            if time.monotonic() >= deadline:
                return None
            self._receive()

    def pending(self) -> list[str]:
        """Lines that have come unasked; a piece of a line stays for later.

        Raises:
            LinkError: The port is gone.
        """
        with self._mapped():
            waiting = self._port.in_waiting
        if waiting:
            self._receive()
        elif not self._lines:
            return []
        lines = [line for line in self._lines if line]
        self._lines.clear()
        return lines

    def drain(self, quiet_s: float, deadline: float) -> None:
        """Throw away what comes, until nothing has come for `quiet_s` or the deadline passes.

        Raises:
            LinkError: The port is gone.
        """
        self._lines.clear()
        self._rest = b""
        last = time.monotonic()
        while time.monotonic() < min(last + quiet_s, deadline):
            if self._receive():
                last = time.monotonic()
            self._lines.clear()
            self._rest = b""

    def _receive(self) -> int:
        with self._mapped():
            received = self._port.read(self._port.in_waiting or 1)
            if received and (more := self._port.in_waiting):
                received += self._port.read(more)
        if received:
            lines, self._rest = split_lines(self._rest + received)
            self._lines.extend(lines)
        return len(received)

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        # SerialException is an OSError; a port closed under pyserial's feet shows as TypeError.
        except (OSError, TypeError) as error:
            raise LinkError(
                self.board, f"the serial port has gone ({error}); check the cable and the board's power"
            ) from error
