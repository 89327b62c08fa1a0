"""USART1 and LPUART1 without FIFO (RM0351, chapters 40 and 41): polled, 8 data bits, no parity."""

from collections.abc import Callable

from harness.virtual.chip import Line
from harness.virtual.clock import Clock
from harness.virtual.registers import Register, UnmodelledAccessError
from harness.virtual.stm32.gated import GatedPeripheral

_CR1, _CR2, _CR3, _BRR, _ISR, _RDR, _TDR = 0x00, 0x04, 0x08, 0x0C, 0x1C, 0x24, 0x28
_UE, _RE, _TE, _OVER8 = 1 << 0, 1 << 2, 1 << 3, 1 << 15
_NOT_MODELLED = 1 << 29 | 1 << 28 | 1 << 12 | 1 << 10 | 0x1F0  # FIFO, word length, parity, interrupts
_RXNE, _TC, _TXE, _TEACK, _REACK = 1 << 5, 1 << 6, 1 << 7, 1 << 21, 1 << 22
_BITS_A_BYTE = 10  # start, eight data, stop


class Usart(GatedPeripheral):
    """A serial interface: one byte waits to be read, one to be sent while another leaves.

    Args:
        name: `"USART1"` or `"LPUART1"`.
        base: Its address.
        clocked: Whether its clock is on.
        kernel_hz: Gives the clock that the baud rate is divided from.
        clock: The board's time.
        line: The serial device that the host opens.
        pins: Whether (the sending, the receiving) pin is switched to it.
    """

    def __init__(
        self,
        name: str,
        base: int,
        clocked: Callable[[], bool],
        kernel_hz: Callable[[], int],
        clock: Clock,
        line: Line,
        pins: Callable[[], tuple[bool, bool]],
    ) -> None:
        self.NAME = name  # type: ignore[misc]
        self.BASE = base  # type: ignore[misc]
        self._is_low_power = name.startswith("LP")
        self.REGISTERS = (  # type: ignore[misc]
            Register("CR1", _CR1),
            Register("CR2", _CR2),
            Register("CR3", _CR3),
            Register("BRR", _BRR),
            *(() if self._is_low_power else (Register("GTPR", 0x10), Register("RTOR", 0x14))),
            Register("RQR", 0x18),
            Register("ISR", _ISR, reset=_TC | _TXE, read_only=True),
            Register("ICR", 0x20),
            Register("RDR", _RDR, read_only=True),
            Register("TDR", _TDR),
            Register("PRESC", 0x2C),
        )
        super().__init__(clocked)
        self._kernel_hz = kernel_hz
        self._clock = clock
        self._line = line
        self._pins = pins
        self._clear()

    def _clear(self) -> None:
        self._received: int | None = None
        self._asked_in_vain = False
        self._room_at = self._idle_at = 0  # when TDR has room, when the last bit has left

    def reset(self) -> None:
        super().reset()
        self._clear()

    def _on(self, enable: int) -> bool:
        return self[_CR1] & (_UE | enable) == _UE | enable

    def read_ISR(self) -> int:
        """Status; a program that asks in a loop sleeps here instead of spinning."""
        if not self[_CR1] & _UE:
            return _TC | _TXE
        listens = self._on(_RE) and self._pins()[1]
        now = self._clock.now()
        if now < self._room_at:
            self._clock.wait_until(self._room_at)
        elif self._asked_in_vain and now < self._idle_at:
            self._clock.wait_until(self._idle_at)
        elif listens and self._received is None:
            # Whether the program asks for room or for a byte is only clear when it asks again.
            self._receive(wait=self._asked_in_vain)
        self._asked_in_vain = self._received is None
        flags = _TXE | (_TC if self._clock.now() >= self._idle_at else 0)
        flags |= 0 if self._received is None else _RXNE
        return flags | (_TEACK if self._on(_TE) else 0) | (_REACK if self._on(_RE) else 0)

    def _receive(self, wait: bool) -> None:
        data = self._line.receive(1)
        if not data and wait:
            self._clock.wait(int(self._line.wait() * self._clock.hz))
            data = self._line.receive(1)
        self._received = data[0] if data else None

    def read_RDR(self) -> int:
        value, self._received = self._received or 0, None
        return value

    def write_TDR(self, value: int) -> None:
        if not self._on(_TE):
            return
        cycles = _BITS_A_BYTE * self._clock.hz // self._baud()
        start = max(self._clock.now(), self._idle_at)
        self._asked_in_vain = False
        self._room_at, self._idle_at = start, start + cycles
        if self._pins()[0]:
            self._line.send(value & 0xFF)

    def write_CR1(self, value: int) -> None:
        if value & _NOT_MODELLED:
            raise UnmodelledAccessError(
                f"the program writes 0x{value:08X} to {self.NAME}_CR1: the virtual board models 8 data bits "
                "without parity, FIFO and interrupts"
            )
        self[_CR1] = value

    def write_RQR(self, value: int) -> None:
        if value & 1 << 3:  # RXFRQ: throw away what was received
            self._received = None

    def write_ICR(self, value: int) -> None:
        """Clears flags that are never set: neither overrun nor framing errors occur."""

    def _baud(self) -> int:
        divider = self[_BRR]
        low = 0x300 if self._is_low_power else 16
        if divider < low:
            raise UnmodelledAccessError(
                f"the program sends over {self.NAME} with {divider} in its BRR; at least {low} is needed"
            )
        if self._is_low_power:
            return 256 * self._kernel_hz() // divider
        if self[_CR1] & _OVER8:
            divider = divider & 0xFFF0 | (divider & 7) << 1
            return 2 * self._kernel_hz() // divider
        return self._kernel_hz() // divider
