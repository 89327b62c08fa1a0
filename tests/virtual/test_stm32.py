"""Register models of the STM32L4 by themselves, on a clock and a line that the test holds in its hands."""

from dataclasses import dataclass

import pytest

from harness.config.kinds import load_kind
from harness.virtual.clock import Clock
from harness.virtual.flash_timing import FlashSetting
from harness.virtual.registers import Peripheral, UnmodelledAccessError
from harness.virtual.stm32.chip import Stm32Chip
from harness.virtual.stm32.clocks import Clocks
from harness.virtual.stm32.flash import FlashController
from harness.virtual.stm32.gpio import Gpio
from harness.virtual.stm32.power import Power
from harness.virtual.stm32.usart import Usart
from tests.virtual.test_peripherals import Line

KEYS = (0x45670123, 0xCDEF89AB)
PG, PER, MER1, BKER, STRT, LOCK = 1, 2, 4, 1 << 11, 1 << 16, 1 << 31
ACR, KEYR, SR, CR = 0x00, 0x08, 0x10, 0x14
PROGERR, SIZERR, PGSERR = 1 << 3, 1 << 6, 1 << 7
ERASED = b"\xff" * 8


@dataclass
class Bench:
    """A chip without a core."""

    kind: str

    def __post_init__(self) -> None:
        self.line, self.clock = Line(), Clock(4_000_000, lambda: 0)
        self.chip = Stm32Chip(load_kind(self.kind), 7, lambda address, word: word)
        self.parts: dict[str, Peripheral] = {
            part.NAME: part for part in self.chip.peripherals(self.clock, self.line)
        }
        rcc, pwr, flash = self.parts["RCC"], self.parts["PWR"], self.parts["FLASH"]
        assert isinstance(rcc, Clocks) and isinstance(pwr, Power) and isinstance(flash, FlashController)
        self.rcc, self.pwr, self.flash = rcc, pwr, flash

    def unlock(self) -> None:
        for key in KEYS:
            self.flash.write(KEYR, 4, key)

    def usart(self, name: str) -> Usart:
        part = self.parts[name]
        assert isinstance(part, Usart)
        return part

    def pin_function(self, port: str, pin: int, function: int) -> None:
        gpio = self.parts[port]
        mode = gpio.read(0x00, 4) & ~(3 << 2 * pin) | 2 << 2 * pin
        gpio.write(0x20 + 4 * (pin // 8), 4, function << 4 * (pin % 8) | gpio.read(0x20 + 4 * (pin // 8), 4))
        gpio.write(0x00, 4, mode)

    def to_80_mhz(self, wait_states: int = 4) -> None:
        self.flash.write(ACR, 4, 0x700 | wait_states)
        self.rcc.write(0x00, 4, self.rcc.read(0x00, 4) | 1 << 8)
        self.rcc.write(0x0C, 4, 2 | 1 << 4 | 20 << 8 | 1 << 24)
        self.rcc.write(0x00, 4, self.rcc.read(0x00, 4) | 1 << 24)
        self.rcc.write(0x08, 4, 3)


@pytest.fixture
def l475() -> Bench:
    return Bench("b-l475e-iot01a")


@pytest.fixture
def l4r5() -> Bench:
    return Bench("nucleo-l4r5zi")


def test_flash_is_locked_until_both_keys_come(l475: Bench) -> None:
    l475.flash.write(CR, 4, PG)
    assert l475.flash.read(CR, 4) & LOCK and not l475.flash.read(CR, 4) & PG
    l475.unlock()
    l475.flash.write(CR, 4, PG)
    assert l475.flash.read(CR, 4) & (LOCK | PG) == PG
    l475.flash.write(CR, 4, LOCK)
    assert l475.flash.read(CR, 4) & LOCK
    with pytest.raises(UnmodelledAccessError, match="FLASH_KEYR, which is not the key"):
        l475.flash.write(KEYR, 4, KEYS[1])


def test_flash_takes_double_words_where_it_is_erased(l475: Bench) -> None:
    flash, memory = l475.flash, l475.chip.flash
    assert flash.program(0x0800_0000, 4, 1) == 0xFFFF_FFFF
    assert flash.read(SR, 4) == PGSERR, "PG is not set"
    flash.write(SR, 4, PGSERR)
    l475.unlock()
    flash.write(CR, 4, PG)
    assert flash.program(0x0800_0000, 4, 0x11111111) == 0xFFFF_FFFF, "half of a pair is nothing yet"
    assert flash.program(0x0800_0004, 4, 0x22222222) == 0x22222222
    assert memory.read(0x0800_0000, 8) == bytes.fromhex("1111111122222222")
    assert flash.read(SR, 4) == 0
    flash.program(0x0800_0000, 4, 0x11111111)
    flash.program(0x0800_0004, 4, 0)
    assert flash.read(SR, 4) == PROGERR, "it is not erased"
    assert memory.read(0x0800_0000, 8) == bytes.fromhex("1111111122222222")
    flash.program(0x0800_0000, 4, 0)
    flash.program(0x0800_0004, 4, 0)
    assert memory.read(0x0800_0000, 8) == bytes(8), "zeros can always be written"


@pytest.mark.parametrize(("address", "size"), [(0x0800_0014, 4), (0x0800_0010, 2), (0x0800_0010, 1)])
def test_flash_refuses_other_widths_and_orders(l475: Bench, address: int, size: int) -> None:
    l475.unlock()
    l475.flash.write(CR, 4, PG)
    l475.flash.program(address, size, 0)
    assert l475.flash.read(SR, 4) == SIZERR
    assert l475.chip.flash.read(0x0800_0010, 8) == ERASED


@pytest.mark.parametrize(("kind", "page_bytes"), [("b-l475e-iot01a", 2048), ("nucleo-l4r5zi", 4096)])
@pytest.mark.parametrize("bank", [0, 1])
def test_flash_erases_one_page_of_a_bank(kind: str, page_bytes: int, bank: int) -> None:
    bench = Bench(kind)
    memory = bench.chip.flash
    memory.buffer[:] = bytes(memory.size_bytes)
    start = memory.origin + bank * memory.size_bytes // 2 + 3 * page_bytes
    bench.flash.write(CR, 4, PER | 3 << 3 | STRT)
    assert memory.read(start, 8) == bytes(8), "locked"
    bench.unlock()
    bench.flash.write(CR, 4, PER | 3 << 3 | STRT | (BKER if bank else 0))
    assert memory.read(start, page_bytes) == b"\xff" * page_bytes
    assert memory.read(start - 8, 8) == memory.read(start + page_bytes, 8) == bytes(8)
    bench.flash.write(CR, 4, PER | MER1 | STRT)
    assert bench.flash.read(SR, 4) == PGSERR, "page or bank, not both"


def test_clock_tree_of_the_firmware(l475: Bench) -> None:
    assert l475.rcc.core_hz == l475.clock.hz == 4_000_000
    l475.to_80_mhz()
    assert l475.rcc.read(0x08, 4) >> 2 & 3 == 3
    assert l475.rcc.core_hz == l475.clock.hz == 80_000_000
    l475.rcc.write(0x08, 4, 3 | 8 << 4 | 5 << 11)
    assert (l475.rcc.core_hz, l475.rcc.bus_hz(1), l475.rcc.bus_hz(2)) == (40_000_000, 40_000_000, 10_000_000)
    l475.rcc.reset()
    assert l475.clock.hz == 4_000_000


def test_a_source_that_does_not_run_is_not_switched_to(l475: Bench) -> None:
    l475.rcc.write(0x08, 4, 1)
    assert l475.rcc.read(0x08, 4) & 0xF == 1, "asked for HSI16, still on MSI"


@pytest.mark.parametrize("wait_states", range(4))
def test_too_few_wait_states_are_an_error(l475: Bench, wait_states: int) -> None:
    with pytest.raises(UnmodelledAccessError, match=f"80 MHz with {wait_states} flash wait states"):
        l475.to_80_mhz(wait_states)


def test_wait_states_cannot_be_taken_away_at_speed(l475: Bench) -> None:
    l475.to_80_mhz()
    with pytest.raises(UnmodelledAccessError, match="needs 4"):
        l475.flash.write(ACR, 4, 0x703)


def test_wait_states_caches_and_prefetch_are_those_of_the_register(l475: Bench) -> None:
    told: list[FlashSetting] = []
    l475.flash.on_setting = told.append
    l475.flash.reset()
    for access in (0x704, 0x001, 0x102, 0x200, 0x403):
        l475.flash.write(ACR, 4, access)
    assert told == [
        FlashSetting(wait_states, bool(caches & 2), bool(caches & 4), bool(caches & 1))
        for wait_states, caches in ((0, 6), (4, 7), (1, 0), (2, 1), (0, 2), (3, 4))
    ]


def test_120_mhz_needs_boost_mode(l4r5: Bench) -> None:
    l4r5.to_80_mhz(5)
    l4r5.rcc.write(0x08, 4, 0)
    l4r5.rcc.write(0x00, 4, l4r5.rcc.read(0x00, 4) & ~(1 << 24))
    l4r5.rcc.write(0x0C, 4, 2 | 1 << 4 | 30 << 8 | 1 << 24)
    l4r5.rcc.write(0x00, 4, l4r5.rcc.read(0x00, 4) | 1 << 24)
    with pytest.raises(UnmodelledAccessError, match="120 MHz; voltage range 1 allows 80 MHz"):
        l4r5.rcc.write(0x08, 4, 3)
    l4r5.rcc.write(0x08, 4, 0)
    l4r5.pwr.write(0x80, 4, 0)
    l4r5.rcc.write(0x08, 4, 3)
    assert l4r5.clock.hz == 120_000_000


def test_peripheral_without_its_clock_is_an_error(l475: Bench) -> None:
    with pytest.raises(UnmodelledAccessError, match=r"write of USART1 register 0x00C .* keeps its clock off"):
        l475.usart("USART1").write(0x0C, 4, 100)
    with pytest.raises(UnmodelledAccessError, match="read of GPIOB register 0x000"):
        l475.parts["GPIOB"].read(0, 4)


def open_serial(
    bench: Bench, name: str, port: str, pins: tuple[int, int], function: int, divider: int
) -> Usart:
    """Sets a serial interface up as firmware does."""
    bench.rcc.write(0x4C, 4, 0x1FF)
    bench.rcc.write(0x5C, 4, 1)
    bench.rcc.write(0x60, 4, 1 << 14)
    for pin in pins:
        bench.pin_function(port, pin, function)
    usart = bench.usart(name)
    usart.write(0x0C, 4, divider)
    usart.write(0x00, 4, 0xD)
    return usart


def test_usart_sends_at_the_speed_of_its_divider(l475: Bench) -> None:
    l475.to_80_mhz()
    usart = open_serial(l475, "USART1", "GPIOB", (6, 7), 7, 694)
    for value in b"abc":
        usart.write(0x28, 4, value)
        assert usart.read(0x1C, 4) & 0x80, "TXE"
    assert bytes(l475.line.outgoing) == b"abc"
    while not usart.read(0x1C, 4) & 0x40:
        pass
    assert l475.clock.now() == 3 * 10 * 80_000_000 // (80_000_000 // 694)
    assert l475.line.waits == 0, "waiting for TC is not waiting for the host"


def test_usart_receives_byte_by_byte_and_sleeps_when_idle(l475: Bench) -> None:
    usart = open_serial(l475, "USART1", "GPIOB", (6, 7), 7, 35)
    l475.line.incoming += b"ok"
    assert usart.read(0x1C, 4) & 0x20
    assert bytes(l475.line.incoming) == b"k"
    assert (usart.read(0x24, 4), usart.read(0x1C, 4) >> 5 & 1, usart.read(0x24, 4)) == (ord("o"), 1, ord("k"))
    assert not usart.read(0x1C, 4) & 0x20 and l475.line.waits == 0
    assert not usart.read(0x1C, 4) & 0x20 and l475.line.waits == 1
    assert l475.clock.now() == 2_000_000, "half a second at 4 MHz"


def test_usart_with_its_pins_elsewhere_is_not_heard(l475: Bench) -> None:
    usart = open_serial(l475, "USART1", "GPIOB", (6, 7), 5, 35)
    usart.write(0x28, 4, ord("x"))
    l475.line.incoming += b"y"
    assert not usart.read(0x1C, 4) & 0x20
    assert not l475.line.outgoing


def test_port_g_is_dead_without_its_supply(l4r5: Bench) -> None:
    usart = open_serial(l4r5, "LPUART1", "GPIOG", (7, 8), 8, 256 * 4_000_000 // 115_200)
    usart.write(0x28, 4, ord("x"))
    assert not l4r5.line.outgoing
    l4r5.pwr.write(0x04, 4, 1 << 9)
    usart.write(0x28, 4, ord("x"))
    assert bytes(l4r5.line.outgoing) == b"x"


def test_gpio_tells_of_the_edges_of_outputs() -> None:
    edges: list[tuple[int, bool]] = []
    port = Gpio("B", lambda: True, lambda pin, level: edges.append((pin, level)))
    port.write(0x18, 4, 1 << 3)
    assert not edges, "PB3 is no output yet, and pulled high"
    port.write(0x00, 4, port.read(0x00, 4) & ~(3 << 6) | 1 << 6)
    port.write(0x18, 4, 1 << (3 + 16) | 1 << 4)
    port.write(0x14, 4, 1 << 3)
    assert edges == [(19, False), (19, True)]
    assert port.read(0x10, 4) == 1 << 3


@pytest.mark.parametrize(
    ("part", "offset", "value", "words"),
    [
        ("IWDG", 0x00, 0xCCCC, "watchdog"),
        ("PWR", 0x00, 0x4200, "low-power"),
        ("RCC", 0x00, 1 << 16, "HSE"),
        ("FLASH", 0x0C, 0x08192A3B, "option bytes"),
        ("RCC", 0x3F0, 0, "RCC register 0x3F0"),
    ],
)
def test_what_is_not_modelled_is_named(l475: Bench, part: str, offset: int, value: int, words: str) -> None:
    with pytest.raises(UnmodelledAccessError, match=words):
        l475.parts[part].write(offset, 4, value)
