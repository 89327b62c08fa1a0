"""The chips: memories, identity, and how their peripherals hang together."""

from collections.abc import Callable
from dataclasses import dataclass

from harness.config.kinds import BoardKind
from harness.virtual.chip import FlashModel, Line
from harness.virtual.clock import Clock
from harness.virtual.memory import Ram
from harness.virtual.registers import Peripheral
from harness.virtual.stm32 import limits
from harness.virtual.stm32.addresses import name_of
from harness.virtual.stm32.clocks import Clocks
from harness.virtual.stm32.debug import DebugSupport, Watchdog
from harness.virtual.stm32.flash import FlashController
from harness.virtual.stm32.gpio import PORT_PINS, Gpio
from harness.virtual.stm32.power import Power
from harness.virtual.stm32.usart import Usart

_SYSTEM_PAGE, _UID, _FLASH_KB = 0x1FFF_7000, 0x590, 0x5E0
_SRAM2 = 0x1000_0000
_ERASED = 0xFF
_AHB2ENR, _APB1ENR1, _APB1ENR2, _APB2ENR = 0x4C, 0x58, 0x5C, 0x60
_PWREN, _USART1EN, _LPUART1EN = 28, 14, 0
_PORT_G = 6
# Alternate function that leads to the serial interface.
_USART1_AF, _LPUART1_AF = 7, 8


@dataclass(frozen=True)
class Variant:
    """What tells one chip from another.

    Attributes:
        idcode: DBGMCU_IDCODE.
        page_bytes: Flash erase unit with two banks.
        ports: Letters of the GPIO ports.
        limits: Highest clock by voltage range and wait states.
        sram2_bytes: Length of SRAM2.
        sram2_at: Where SRAM2 lies in the main RAM as well, if it does.
    """

    idcode: int
    page_bytes: int
    ports: str
    limits: dict[str, tuple[int, ...]]
    sram2_bytes: int
    sram2_at: int | None


_VARIANTS = {
    "stm32l475": Variant(0x1007_6415, 2048, "ABCDEFGH", limits.L4, 0x8000, None),
    "stm32l4r5": Variant(0x1001_6470, 4096, "ABCDEFGHI", limits.L4_PLUS, 0x1_0000, 0x3_0000),
}


def _variant_of(pyocd_target: str) -> Variant:
    for family, variant in _VARIANTS.items():
        if pyocd_target.startswith(family):
            return variant
    raise ValueError(f"no virtual chip for the pyOCD target {pyocd_target!r}")


class Stm32Chip:
    """An STM32L4 or L4+; the attributes are those of `harness.virtual.chip.Chip`.

    Args:
        kind: Its board kind.
        device_id: Part of the unique number of the chip.
        damage: What flash wear does to a programmed word.

    Raises:
        ValueError: The kind's pyOCD target is none of these chips.
    """

    def __init__(self, kind: BoardKind, device_id: int, damage: Callable[[int, int], int]) -> None:
        self._variant = variant = _variant_of(kind.pyocd_target)
        self._serial_pins = (kind.uart.tx_pin, kind.uart.rx_pin)
        self.flash = Ram(kind.flash.origin, kind.flash.size_bytes, _ERASED)
        self.ram = Ram(kind.ram.origin, kind.ram.size_bytes)
        if variant.sram2_at is None:
            sram2 = Ram(_SRAM2, variant.sram2_bytes)
        else:
            sram2 = self.ram.alias(_SRAM2, variant.sram2_at, variant.sram2_bytes)
        # With BOOT0 low the flash is seen at address 0 too, where the core fetches its vectors.
        boot = self.flash.alias(0, 0, self.flash.size_bytes)
        system = Ram(_SYSTEM_PAGE, 0x1000, _ERASED)
        system.write(_SYSTEM_PAGE + _UID, device_id.to_bytes(8, "little") + b"\0\0\0\0")
        system.write(_SYSTEM_PAGE + _FLASH_KB, (kind.flash.size_bytes // 1024).to_bytes(2, "little"))
        self.memories: tuple[Ram, ...] = (self.flash, self.ram, sram2, boot, system)
        self.writable: tuple[Ram, ...] = (self.ram, sram2)
        self.programmable: tuple[Ram, ...] = (self.flash,)
        self.read_only: tuple[Ram, ...] = (boot, system)
        self._flash_controller = FlashController(self.flash, variant.page_bytes, damage)
        self.controller: FlashModel = self._flash_controller
        self.has_control_port = False
        self.on_edge: Callable[[int, bool], None] = lambda pin, level: None

    def peripherals(self, clock: Clock, line: Line) -> tuple[Peripheral, ...]:
        """All peripherals that are modelled."""
        variant, flash = self._variant, self._flash_controller
        clocks = Clocks(clock)
        power = Power(variant.limits is limits.L4_PLUS)

        def check(hz: int, wait_states: int) -> None:
            limits.check_speed(variant.limits, power.range, hz, wait_states)

        clocks.before_change = lambda hz: check(hz, flash.wait_states)
        flash.before_latency = lambda wait_states: check(clocks.core_hz, wait_states)
        power.on_change = lambda: check(clocks.core_hz, flash.wait_states)
        ports = [
            Gpio(letter, clocks.gate(_AHB2ENR, index), lambda pin, level: self.on_edge(pin, level))
            for index, letter in enumerate(variant.ports)
        ]

        def leads(pin: int, function: int) -> bool:
            port = pin // PORT_PINS
            supplied = port != _PORT_G or power.port_g_supplied
            return supplied and ports[port].alternate_function(pin % PORT_PINS) == function

        def lead(function: int) -> Callable[[], tuple[bool, bool]]:
            return lambda: (leads(self._serial_pins[0], function), leads(self._serial_pins[1], function))

        def usart(name: str, base: int, enable: tuple[int, int], mux: int, bus: int, function: int) -> Usart:
            return Usart(
                name,
                base,
                clocks.gate(*enable),
                lambda: clocks.kernel_hz(mux, bus),
                clock,
                line,
                lead(function),
            )

        return (
            clocks,
            power,
            flash,
            usart("USART1", 0x4001_3800, (_APB2ENR, _USART1EN), 0, 2, _USART1_AF),
            usart("LPUART1", 0x4000_8000, (_APB1ENR2, _LPUART1EN), 10, 1, _LPUART1_AF),
            Watchdog(),
            DebugSupport(variant.idcode),
            *ports,
        )

    def name_of(self, address: int) -> str:
        """Peripheral and register at `address`; empty if none is known there."""
        return name_of(address)
