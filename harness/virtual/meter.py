"""The simulated meter as part of a virtual board: in its supply, at its pin, on a serial port of its own."""

import threading
from collections.abc import Callable

from harness.config.kinds import BoardKind
from harness.virtual.chip import Line
from harness.virtual.clock import Clock
from harness.virtual.lpm01a import Lpm01a
from harness.virtual.meter_port import MeterPort


class BoardMeter:
    """The meter of one board.

    It learns the board's time whenever the program looks at its serial line or moves the pin; what it has
    measured during a long computation is sent at the end of it.

    Args:
        kind: What board, whose file says what it draws.
        clock: The board's time.
        lock: The board's lock.
        supply: Switches the board on and off.

    Attributes:
        port: Path of the meter's serial device.
    """

    def __init__(
        self, kind: BoardKind, clock: Clock, lock: threading.Condition, supply: Callable[[bool], None]
    ) -> None:
        self._pin = kind.timestamp_pin
        self._clock = clock
        self._lock = lock
        self._now = 0
        self._serial = MeterPort(self._on_line)
        self.port = self._serial.port
        self._shield = Lpm01a(kind.power, kind.clock_hz, self._serial.send, supply)

    def start(self) -> None:
        """Serve the host."""
        self._serial.start()

    def look(self) -> None:
        """The board's time is known now; with the lock held, from the core's thread."""
        self._now = self._clock.now()
        self._shield.advance(self._now)

    def on_edge(self, pin: int, level: bool) -> None:
        """A pin of the chip changed; with the lock held, from the core's thread."""
        if pin == self._pin:
            self._now = self._clock.now()
            self._shield.edge(level, self._now)

    def _on_line(self, line: str) -> None:
        with self._lock:
            self._shield.command(line, self._now)


class MeteredLine:
    """The board's serial line; the meter looks at the time whenever the program looks at the line.

    Args:
        line: The line itself.
        meter: The board's meter.
    """

    def __init__(self, line: Line, meter: BoardMeter) -> None:
        self._line = line
        self._meter = meter
        self.send = line.send
        self.wait = line.wait

    def receive(self, limit: int) -> bytes:
        """Up to `limit` bytes that have arrived from the host by now."""
        self._meter.look()
        return self._line.receive(limit)
