"""The serial port of the simulated meter."""

import os
import pty
import queue
import select
import threading
import tty
from collections.abc import Callable

_LINE_LIMIT = 256


class MeterPort:
    """A pseudo-terminal; lines from the host go to `on_line`, what is sent waits for a host that reads slowly.

    Args:
        on_line: Called with each line, in a thread of this port's.

    Attributes:
        port: Path of the device that the host opens.
    """

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._outgoing: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def start(self) -> None:
        """Serve the host until the process ends."""
        for step in (self._read, self._write):
            threading.Thread(target=step, name="meter", daemon=True).start()

    def send(self, data: bytes) -> None:
        """Send to the host, later if it does not read."""
        self._outgoing.put(data)

    def _read(self) -> None:
        rest = b""
        while True:
            select.select([self._master], [], [])
            rest += os.read(self._master, 4096)
            *lines, rest = rest.replace(b"\r", b"\n").split(b"\n")
            rest = rest[-_LINE_LIMIT:]
            for line in lines:
                if line.strip():
                    self._on_line(line.decode("ascii", "replace").strip())

    def _write(self) -> None:
        while True:
            data = self._outgoing.get()
            while data:
                data = data[os.write(self._master, data) :]
