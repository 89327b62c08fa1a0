"""What lies between the chip's UART and the serial device: injected faults, and the pace of the wire."""

import time

from harness.virtual.injection import Injector
from harness.virtual.pace import Pace
from harness.virtual.serial_line import SerialLine

_BITS_A_BYTE = 10  # 8N1
# A chip that looks for a byte late, because sleeping is coarse, finds those that have come since.
_CATCH_UP_S = 0.02


class BoardLine:
    """The wire as the chip sees it.

    Args:
        line: The serial device.
        injector: Faults of the wire and of the program behind it.
        baud: Speed of the wire.
        pace: Keeps bytes to the wall's clock; None for as fast as they come.
    """

    def __init__(self, line: SerialLine, injector: Injector, baud: int, pace: Pace | None) -> None:
        self._line = line
        self._injector = injector
        self._byte_s = _BITS_A_BYTE / baud
        self._pace = pace
        self._due_at = 0.0

    def receive(self, limit: int) -> bytes:
        """Up to `limit` bytes that have arrived from the host by now."""
        if self._pace is None:
            return self._injector.to_board(self._line.receive(limit))
        now = time.monotonic()
        if now < self._due_at:
            return b""
        data = self._line.receive(1)
        self._due_at = max(self._due_at, now - _CATCH_UP_S) + self._byte_s if data else now
        return self._injector.to_board(data)

    def send(self, value: int) -> None:
        """Send a byte to the host."""
        if self._pace:
            self._pace.keep()
        if self._injector.is_late():
            self._line.pause(self._injector.faults.delay_ms / 1000)
        self._line.send(self._injector.to_host(value))

    def wait(self) -> float:
        """Sleep until there may be a byte from the host; gives the seconds slept."""
        due_s = self._due_at - time.monotonic() if self._pace else 0.0
        if due_s > 0:
            return self._line.pause(due_s)
        return self._line.wait()
