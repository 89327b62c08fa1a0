"""Legacy UART (nRF51 reference manual, chapter 28; nRF52840: UART0, same registers)."""

from collections import deque

from harness.virtual.chip import Line
from harness.virtual.clock import Clock
from harness.virtual.registers import Peripheral, Register

_RX_FIFO_BYTES = 6
_BITS_A_BYTE = 10  # start, eight data, stop
_RXDRDY, _TXDRDY, _ENABLE, _BAUDRATE, _ENABLED = 0x108, 0x11C, 0x500, 0x524, 4


class Uart(Peripheral):
    """Bytes come in as the receive FIFO has room, and leave at the line's rate in virtual time.

    Args:
        clock: The board's time.
        line: The serial device that the host opens.
    """

    NAME = "UART0"
    BASE = 0x4000_2000
    REGISTERS = (
        Register("TASKS_STARTRX", 0x000),
        Register("TASKS_STOPRX", 0x004),
        Register("TASKS_STARTTX", 0x008),
        Register("TASKS_STOPTX", 0x00C),
        Register("TASKS_SUSPEND", 0x01C),
        Register("EVENTS_CTS", 0x100),
        Register("EVENTS_NCTS", 0x104),
        Register("EVENTS_RXDRDY", 0x108),
        Register("EVENTS_TXDRDY", 0x11C),
        Register("EVENTS_ERROR", 0x124),
        Register("EVENTS_RXTO", 0x144),
        Register("SHORTS", 0x200),
        Register("INTENSET", 0x304),
        Register("INTENCLR", 0x308),
        Register("ERRORSRC", 0x480),
        Register("ENABLE", _ENABLE),
        Register("PSELRTS", 0x508, reset=0xFFFF_FFFF),
        Register("PSELTXD", 0x50C, reset=0xFFFF_FFFF),
        Register("PSELCTS", 0x510, reset=0xFFFF_FFFF),
        Register("PSELRXD", 0x514, reset=0xFFFF_FFFF),
        Register("RXD", 0x518, read_only=True),
        Register("TXD", 0x51C),
        Register("BAUDRATE", _BAUDRATE, reset=0x0400_0000),
        Register("CONFIG", 0x56C),
    )

    def __init__(self, clock: Clock, line: Line) -> None:
        super().__init__()
        self._clock = clock
        self._line = line
        self._clear()

    def _clear(self) -> None:
        self._fifo: deque[int] = deque()
        self._receiving = self._sending = False
        self._sent_at: int | None = None

    def reset(self) -> None:
        super().reset()
        self._clear()

    def write_TASKS_STARTRX(self, value: int) -> None:
        self._receiving = bool(value) or self._receiving

    def write_TASKS_STOPRX(self, value: int) -> None:
        if value:
            self._receiving = False
            self[0x144] = 1

    def write_TASKS_STARTTX(self, value: int) -> None:
        self._sending = bool(value) or self._sending

    def write_TASKS_STOPTX(self, value: int) -> None:
        self._sending = self._sending and not value

    def read_EVENTS_RXDRDY(self) -> int:
        if self[_RXDRDY] or not self._receiving or self[_ENABLE] != _ENABLED:
            return self[_RXDRDY]
        self._fill()
        if not self._fifo:
            # Nothing to read: sleep instead of spinning, and let the time slept pass on the board.
            self._clock.wait(int(self._line.wait() * self._clock.hz))
            self._fill()
        self[_RXDRDY] = int(bool(self._fifo))
        return self[_RXDRDY]

    def _fill(self) -> None:
        room = _RX_FIFO_BYTES - len(self._fifo)
        if room:
            self._fifo.extend(self._line.receive(room))

    def read_RXD(self) -> int:
        if not self._fifo:
            return 0
        value = self._fifo.popleft()
        if self._fifo:
            self[_RXDRDY] = 1  # the next byte moves up and is announced at once
        return value

    def write_TXD(self, value: int) -> None:
        if not self._sending or self[_ENABLE] != _ENABLED:
            return
        start = self._clock.now() if self._sent_at is None else max(self._clock.now(), self._sent_at)
        self._sent_at = start + self._byte_cycles()
        self._line.send(value & 0xFF)

    def read_EVENTS_TXDRDY(self) -> int:
        if self._sent_at is not None:
            # The core would spin here until the byte has left.
            self._clock.wait_until(self._sent_at)
            self._sent_at = None
            self[_TXDRDY] = 1
        return self[_TXDRDY]

    def _byte_cycles(self) -> int:
        # BAUDRATE is the rate times 2^32 / 16 MHz.
        baud = max(self[_BAUDRATE] * 16_000_000 >> 32, 1)
        return _BITS_A_BYTE * self._clock.hz // baud
