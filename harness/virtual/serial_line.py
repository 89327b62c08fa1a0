"""The serial line: a pseudo-terminal that the board keeps open itself."""

import os
import pty
import select
import threading
import time
import tty
from contextlib import suppress

# Without a byte to read, the board sleeps this long before it polls again.
_IDLE_S = 0.02
# How long the board waits for a host that does not read, before its bytes are lost as on a real line.
_STALLED_S = 2.0


class SerialLine:
    """The device's side of a pseudo-terminal.

    Args:
        lock: The board's lock, released while waiting.

    Attributes:
        port: Path of the device that the host opens.
    """

    def __init__(self, lock: threading.Condition) -> None:
        self._lock = lock
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._stalled = False

    def receive(self, limit: int) -> bytes:
        """Up to `limit` bytes that the host has sent, without waiting."""
        try:
            return os.read(self._master, limit)
        except OSError:
            return b""

    def send(self, data: bytes) -> None:
        """Send to the host; dropped if nobody reads for a while."""
        deadline = time.monotonic() + (0.0 if self._stalled else _STALLED_S)
        while data:
            try:
                data = data[os.write(self._master, data) :]
                self._stalled = False
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    self._stalled = True
                    return
                self._sleep([], [self._master], 0.05)

    def wait(self) -> float:
        """Sleep until the host sends, `wake` is called or a moment has passed; gives the seconds slept."""
        start = time.monotonic()
        self._sleep([self._master, self._wake_read], [], _IDLE_S)
        with suppress(BlockingIOError):
            os.read(self._wake_read, 64)
        return time.monotonic() - start

    def pause(self, seconds: float) -> float:
        """Sleep whatever comes; gives the seconds slept."""
        start = time.monotonic()
        self._sleep([], [], seconds)
        return time.monotonic() - start

    def wake(self) -> None:
        """End a `wait` in another thread."""
        with suppress(BlockingIOError):
            os.write(self._wake_write, b"x")

    def _sleep(self, readable: list[int], writable: list[int], seconds: float) -> None:
        self._lock.release()
        try:
            select.select(readable, writable, [], seconds)
        finally:
            self._lock.acquire()
