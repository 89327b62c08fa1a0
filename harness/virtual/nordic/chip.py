"""The chips: factory information, page sizes, and which peripherals they have."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from harness.config.kinds import BoardKind
from harness.virtual.chip import FlashModel, Line
from harness.virtual.clock import Clock
from harness.virtual.memory import Ram
from harness.virtual.nordic.nvmc import FlashController
from harness.virtual.nordic.system import ClockPower, Gpio, Watchdog
from harness.virtual.nordic.timer import Timer
from harness.virtual.nordic.uart import Uart
from harness.virtual.registers import Peripheral

# Names of Nordic's peripherals by ID (address = 0x4000_0000 + ID * 0x1000), for messages.
_NAMES = (
    "CLOCK/POWER", "RADIO", "UART0", "SPI0/TWI0", "SPI1/TWI1", "NFCT", "GPIOTE", "SAADC", "TIMER0", "TIMER1",
    "TIMER2", "RTC0", "TEMP", "RNG", "ECB", "AAR/CCM", "WDT", "RTC1", "QDEC", "LPCOMP", "SWI0/EGU0",
    "SWI1/EGU1", "SWI2/EGU2", "SWI3/EGU3", "SWI4/EGU4", "SWI5/EGU5", "TIMER3", "TIMER4", "PWM0", "PDM",
    "NVMC", "PPI",
)  # fmt: skip
_FICR, _UICR, _INFORMATION_BYTES = 0x1000_0000, 0x1000_1000, 0x1000
_ERASED = 0xFF
# Of a port.
_PINS = 32
_TIMERS = tuple((f"TIMER{i}", 0x4000_8000 + 0x1000 * i, 4) for i in range(3))


@dataclass(frozen=True)
class Variant:
    """What tells one chip from another.

    Attributes:
        page_bytes: Flash erase unit.
        ficr: Factory information: byte offset -> word; the rest reads as erased.
        has_control_port: Whether it has Nordic's CTRL-AP (nRF52).
        ports: GPIO ports.
        timers: Name, address and channels of each TIMER.
    """

    page_bytes: int
    ficr: dict[int, int]
    has_control_port: bool
    ports: tuple[tuple[str, int], ...]
    timers: tuple[tuple[str, int, int], ...]


def _nrf51(flash_bytes: int, ram_bytes: int) -> Variant:
    return Variant(
        page_bytes=1024,
        ficr={
            0x010: 1024,  # CODEPAGESIZE
            0x014: flash_bytes // 1024,  # CODESIZE
            0x02C: 0xFF,  # PPFC: no factory code
            0x034: 2,  # NUMRAMBLOCK
            0x038: ram_bytes // 2,  # SIZERAMBLOCKS
            0x05C: 0x0000_0083,  # CONFIGID
        },
        has_control_port=False,
        ports=(("P0", 0x5000_0000),),
        timers=_TIMERS,
    )


# Chip number by part, where flash algorithms and Nordic's start-up code look for it.
_NUMBERS = {0x52832: 0x06, 0x52833: 0x0D, 0x52840: 0x08}


def _nrf52(part: int, flash_bytes: int, ram_bytes: int) -> Variant:
    return Variant(
        page_bytes=4096,
        ficr={
            0x010: 4096,
            0x014: flash_bytes // 4096,
            0x100: part,  # INFO.PART
            0x104: 0x4141_4430,  # INFO.VARIANT "AAD0"
            0x108: 0x2004,  # INFO.PACKAGE: QI
            0x10C: ram_bytes // 1024,
            0x110: flash_bytes // 1024,
            0x130: _NUMBERS[part],
            0x134: 0,  # first revision
        },
        has_control_port=True,
        ports=(("P0", 0x5000_0000), ("P1", 0x5000_0300)),
        timers=(*_TIMERS, ("TIMER3", 0x4001_A000, 6), ("TIMER4", 0x4001_B000, 6)),
    )


def variant_of(pyocd_target: str, flash_bytes: int, ram_bytes: int) -> Variant:
    """The variant behind a pyOCD target name (`nrf51...`, `nrf52832`, `nrf52833` or `nrf52840`).

    Raises:
        ValueError: It is none of them.
    """
    if pyocd_target.startswith("nrf51"):
        return _nrf51(flash_bytes, ram_bytes)
    part = int("0x" + pyocd_target.removeprefix("nrf"), 16) if pyocd_target.startswith("nrf52") else 0
    if part in _NUMBERS:
        return _nrf52(part, flash_bytes, ram_bytes)
    raise ValueError(f"no virtual chip for the pyOCD target {pyocd_target!r}")


class NordicChip:
    """An nRF51 or nRF52; the attributes are those of `harness.virtual.chip.Chip`.

    Args:
        kind: Its board kind.
        device_id: 64-bit number in FICR.
        damage: What flash wear does to a programmed word.

    Raises:
        ValueError: The kind's pyOCD target is neither.
    """

    def __init__(self, kind: BoardKind, device_id: int, damage: Callable[[int, int], int]) -> None:
        self._variant = variant_of(kind.pyocd_target, kind.flash.size_bytes, kind.ram.size_bytes)
        self.flash = Ram(kind.flash.origin, kind.flash.size_bytes, _ERASED)
        self.ram = Ram(kind.ram.origin, kind.ram.size_bytes)
        ficr = Ram(_FICR, _INFORMATION_BYTES, _ERASED)
        uicr = Ram(_UICR, _INFORMATION_BYTES, _ERASED)
        identity = {0x060: device_id & 0xFFFF_FFFF, 0x064: device_id >> 32}
        for offset, word in (self._variant.ficr | identity).items():
            ficr.write(_FICR + offset, word.to_bytes(4, "little"))
        self.memories: tuple[Ram, ...] = (self.flash, self.ram, ficr, uicr)
        self.writable: tuple[Ram, ...] = (self.ram,)
        self.programmable: tuple[Ram, ...] = (self.flash, uicr)
        self.read_only: tuple[Ram, ...] = (ficr,)
        self._nvmc = FlashController(
            self.flash,
            uicr,
            self._variant.page_bytes,
            damage,
            kind.flash.wait_states,
            has_cache=kind.flash.code_cache_bytes > 0,
        )
        self.controller: FlashModel = self._nvmc
        self.has_control_port = self._variant.has_control_port
        self.on_edge: Callable[[int, bool], None] = lambda pin, level: None

    def peripherals(self, clock: Clock, line: Line) -> tuple[Peripheral, ...]:
        """All of Nordic's peripherals that are modelled."""
        return (
            ClockPower(),
            Uart(clock, line),
            *(Timer(name, base, channels, clock.timers) for name, base, channels in self._variant.timers),
            Watchdog(),
            self._nvmc,
            *(
                Gpio(name, base, partial(self._on_port_edge, _PINS * number))
                for number, (name, base) in enumerate(self._variant.ports)
            ),
        )

    def _on_port_edge(self, first: int, pin: int, level: bool) -> None:
        self.on_edge(first + pin, level)

    def name_of(self, address: int) -> str:
        """Name of the peripheral at `address`; empty if it is none of Nordic's."""
        number = (address - 0x4000_0000) // 0x1000
        if 0 <= number < len(_NAMES):
            return f"{_NAMES[number]} register 0x{address & 0xFFF:03X}"
        return ""
