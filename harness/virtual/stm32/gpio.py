"""GPIO (RM0351 and RM0432, chapter 8): outputs read back, inputs read low, alternate functions are kept."""

from collections.abc import Callable

from harness.virtual.registers import Register
from harness.virtual.stm32.gated import GatedPeripheral

_MODER, _PUPDR, _ODR, _AFR = 0x00, 0x0C, 0x14, 0x20
_OUTPUT, _ALTERNATE = 1, 2
PORT_PINS = 16


def _outputs(mode: int) -> int:
    """The pins that MODER switches to output, one bit each."""
    return sum(1 << pin for pin in range(PORT_PINS) if mode >> 2 * pin & 3 == _OUTPUT)


class Gpio(GatedPeripheral):
    """One port.

    Args:
        letter: `"A"` to `"I"`.
        clocked: Whether its clock is on.
        on_edge: Called with a pin (16 are numbered to a port) and its new level, when an output changes.
    """

    def __init__(
        self, letter: str, clocked: Callable[[], bool], on_edge: Callable[[int, bool], None]
    ) -> None:
        self._first_pin = PORT_PINS * (ord(letter) - ord("A"))
        self.NAME = f"GPIO{letter}"  # type: ignore[misc]
        self.BASE = 0x4800_0000 + 0x400 * (ord(letter) - ord("A"))  # type: ignore[misc]
        # The debug pins of ports A and B start in their function, all others analog.
        mode, pull = {"A": (0xABFF_FFFF, 0x6400_0000), "B": (0xFFFF_FEBF, 0x100)}.get(
            letter, (0xFFFF_FFFF, 0)
        )
        self.REGISTERS = (  # type: ignore[misc]
            Register("MODER", _MODER, reset=mode),
            Register("OTYPER", 0x04),
            Register("OSPEEDR", 0x08, reset=0x0C00_0000 if letter == "A" else 0),
            Register("PUPDR", _PUPDR, reset=pull),
            Register("IDR", 0x10, read_only=True),
            Register("ODR", _ODR),
            Register("BSRR", 0x18),
            Register("LCKR", 0x1C),
            Register("AFR", _AFR, count=2),
            Register("BRR", 0x28),
            Register("ASCR", 0x2C),
        )
        super().__init__(clocked)
        self._on_edge = on_edge

    def alternate_function(self, pin: int) -> int | None:
        """Which function the pin of this port (0 to 15) is switched to, if any."""
        if not self.clocked() or self[_MODER] >> 2 * pin & 3 != _ALTERNATE:
            return None
        return self[_AFR + 4 * (pin // 8)] >> 4 * (pin % 8) & 0xF

    def _drive(self, mode: int, output: int) -> None:
        """Set mode and output; a pin that is no output is pulled high by what it is wired to."""
        before, after = self[_ODR] | ~_outputs(self[_MODER]), output | ~_outputs(mode)
        self[_MODER], self[_ODR] = mode, output & 0xFFFF
        for pin in range(PORT_PINS):
            if (before ^ after) >> pin & 1:
                self._on_edge(self._first_pin + pin, bool(after >> pin & 1))

    def write_MODER(self, value: int) -> None:
        self._drive(value, self[_ODR])

    def write_ODR(self, value: int) -> None:
        self._drive(self[_MODER], value)

    def read_BSRR(self) -> int:
        return 0

    def write_BSRR(self, value: int) -> None:
        self._drive(self[_MODER], self[_ODR] & ~(value >> 16) | value & 0xFFFF)

    read_BRR = read_BSRR

    def write_BRR(self, value: int) -> None:
        self._drive(self[_MODER], self[_ODR] & ~value)

    def read_IDR(self) -> int:
        return self[_ODR] & _outputs(self[_MODER])
