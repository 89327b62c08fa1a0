"""Register models by themselves, on a clock and a line that the test holds in its hands."""

import pytest

from harness.virtual.clock import Clock
from harness.virtual.cortexm.systick import SysTick
from harness.virtual.flash_timing import FlashSetting
from harness.virtual.memory import Bus, BusError, Ram
from harness.virtual.nordic.nvmc import FlashController
from harness.virtual.nordic.system import Gpio
from harness.virtual.nordic.timer import Timer
from harness.virtual.nordic.uart import Uart
from harness.virtual.registers import Peripheral, Register, UnmodelledAccessError

ENABLED, BAUD_115200 = 4, 0x01D7E000


class Line:
    """A serial line in memory."""

    def __init__(self) -> None:
        self.incoming = bytearray()
        self.outgoing = bytearray()
        self.waits = 0

    def receive(self, limit: int) -> bytes:
        taken, self.incoming = bytes(self.incoming[:limit]), self.incoming[limit:]
        return taken

    def send(self, value: int) -> None:
        self.outgoing.append(value)

    def wait(self) -> float:
        self.waits += 1
        return 0.5


@pytest.fixture
def clock() -> Clock:
    return Clock(16_000_000, lambda: 0)


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def uart(clock: Clock, line: Line) -> Uart:
    uart = Uart(clock, line)
    for offset, value in ((0x500, ENABLED), (0x524, BAUD_115200), (0x000, 1), (0x008, 1)):
        uart.write(offset, 4, value)
    return uart


def test_uart_takes_from_the_line_only_what_its_fifo_holds(uart: Uart, line: Line) -> None:
    line.incoming += b"0123456789"
    assert uart.read(0x108, 4) == 1
    assert bytes(line.incoming) == b"6789"
    got = []
    while uart.read(0x108, 4):
        uart.write(0x108, 4, 0)
        got.append(uart.read(0x518, 4))
        if len(got) == 10:
            break
    assert bytes(got) == b"0123456789"


def test_idle_uart_waits_and_time_passes(uart: Uart, line: Line, clock: Clock) -> None:
    assert uart.read(0x108, 4) == 0
    assert line.waits == 1
    assert clock.now() == 8_000_000


def test_byte_leaves_at_the_speed_of_the_line(uart: Uart, line: Line, clock: Clock) -> None:
    uart.write(0x51C, 4, ord("x"))
    assert uart.read(0x11C, 4) == 1
    assert bytes(line.outgoing) == b"x"
    assert clock.now() == pytest.approx(16e6 * 10 / 115200, rel=0.01)


def test_uart_switched_off_sends_nothing(line: Line, clock: Clock) -> None:
    uart = Uart(clock, line)
    uart.write(0x51C, 4, ord("x"))
    assert not line.outgoing


def make_timer(clock: Clock, width: int = 3, prescaler: int = 0) -> Timer:
    timer = Timer("TIMER0", 0x40008000, 4, clock)
    for offset, value in ((0x508, width), (0x510, prescaler), (0x00C, 1), (0x000, 1)):
        timer.write(offset, 4, value)
    return timer


def capture(timer: Timer) -> int:
    timer.write(0x044, 4, 1)
    return timer.read(0x544, 4)


def test_timer_counts_and_stops(clock: Clock) -> None:
    timer = make_timer(clock)
    clock.wait(1000)
    assert capture(timer) == 1000
    timer.write(0x004, 4, 1)
    clock.wait(1000)
    assert capture(timer) == 1000
    timer.write(0x000, 4, 1)
    clock.wait(5)
    assert capture(timer) == 1005


def test_timer_scales_with_core_clock_prescaler_and_width() -> None:
    clock = Clock(64_000_000, lambda: 0)
    timer = make_timer(clock, width=0, prescaler=4)
    clock.wait(64 * 70_000)  # 70 ms at 1 MHz
    assert capture(timer) == 70_000 - 65536


def test_timer_compare_event(clock: Clock) -> None:
    timer = make_timer(clock)
    timer.write(0x540, 4, 300)
    clock.wait(299)
    assert timer.read(0x140, 4) == 0
    clock.wait(1)
    assert timer.read(0x140, 4) == 1
    timer.write(0x140, 4, 0)
    assert timer.read(0x140, 4) == 0


@pytest.fixture
def nvmc() -> FlashController:
    flash, uicr = Ram(0, 0x4000, 0xFF), Ram(0x10001000, 0x1000, 0xFF)
    return FlashController(flash, uicr, 1024, lambda address, word: word)


def test_flash_takes_aligned_words_with_permission_only(nvmc: FlashController) -> None:
    with pytest.raises(BusError, match="does not enable"):
        nvmc.program(0x100, 4, 0)
    nvmc.write(0x504, 4, 1)
    assert nvmc.program(0x100, 4, 0x0000FFFF) == 0x0000FFFF
    assert nvmc.program(0x100, 4, 0xFFFF0F0F) == 0x00000F0F
    for address, size in ((0x102, 4), (0x104, 2), (0x104, 1)):
        with pytest.raises(BusError, match="aligned words"):
            nvmc.program(address, size, 0)


def test_flash_erases_one_page_with_permission_only(nvmc: FlashController) -> None:
    nvmc.write(0x504, 4, 1)
    for address in (0x3FC, 0x400, 0x7FC, 0x800):
        nvmc.program(address, 4, 0)
    nvmc.write(0x508, 4, 0x400)
    assert nvmc.program(0x400, 4, 0xFFFFFFFF) == 0  # still programmed: erasing was not enabled
    nvmc.write(0x504, 4, 2)
    nvmc.write(0x508, 4, 0x400)
    nvmc.write(0x504, 4, 1)
    kept = {address: nvmc.program(address, 4, 0xFFFFFFFF) for address in (0x3FC, 0x400, 0x7FC, 0x800)}
    assert kept == {0x3FC: 0, 0x400: 0xFFFFFFFF, 0x7FC: 0xFFFFFFFF, 0x800: 0}


def test_cache_of_the_flash_is_off_until_it_is_switched_on() -> None:
    flash, uicr = Ram(0, 0x1000, 0xFF), Ram(0x10001000, 0x1000, 0xFF)
    nvmc = FlashController(flash, uicr, 4096, lambda address, word: word, wait_states=2, has_cache=True)
    told: list[FlashSetting] = []
    nvmc.on_setting = told.append
    nvmc.reset()
    nvmc.write(0x540, 4, 1)
    nvmc.write(0x540, 4, 0)
    assert told == [FlashSetting(2, cached, False, False) for cached in (False, True, False)]


def test_an_nrf51_has_no_cache(nvmc: FlashController) -> None:
    with pytest.raises(UnmodelledAccessError, match="NVMC register 0x540"):
        nvmc.write(0x540, 4, 1)


def test_systick_counts_down_and_tells_of_its_laps(clock: Clock) -> None:
    ticks = SysTick(clock)
    ticks.write(0x4, 4, 99)
    assert ticks.read(0x8, 4) == 0, "off"
    ticks.write(0x0, 4, 5)
    clock.wait(30)
    assert ticks.read(0x8, 4) == 69
    assert ticks.read(0x0, 4) == 5
    clock.wait(100)
    assert ticks.read(0x8, 4) == 69
    assert [ticks.read(0x0, 4), ticks.read(0x0, 4)] == [5 | 1 << 16, 5], "COUNTFLAG is cleared by reading"
    with pytest.raises(UnmodelledAccessError, match="SysTick interrupt"):
        ticks.write(0x0, 4, 7)


def test_gpio_sets_and_clears_bits() -> None:
    edges: list[tuple[int, bool]] = []
    port = Gpio("P0", 0x50000000, lambda pin, level: edges.append((pin, level)))
    port.write(0x508 - 0x500, 4, 0b1100)
    port.write(0x50C - 0x500, 4, 0b0100)
    port.write(0x518 - 0x500, 4, 0b1000)
    assert port.read(0x504 - 0x500, 4) == 0b1000
    assert port.read(0x510 - 0x500, 4) == 0b1000
    assert port.read(0x700 + 4 * 3 - 0x500, 4) & 1
    port.write(0x50C - 0x500, 4, 0b1100)
    assert edges == [(3, False)]  # pin 2 was cleared as well, but is no output


class Sample(Peripheral):
    NAME = "SAMPLE"
    BASE = 0x40000000
    REGISTERS = (
        Register("A", 0x10, reset=0x11223344),
        Register("B", 0x14, read_only=True),
        Register("C", 0x20, count=2),
    )

    def read_C(self, index: int) -> int:
        return 100 + index


def test_register_table() -> None:
    sample = Sample()
    assert sample.read(0x11, 1) == 0x33 and sample.read(0x12, 2) == 0x1122
    sample.write(0x12, 1, 0xAA)
    assert sample.read(0x10, 4) == 0x11AA3344
    sample.write(0x14, 4, 5)
    assert sample.read(0x14, 4) == 0
    assert sample.read(0x24, 4) == 101
    sample.reset()
    assert sample.read(0x10, 4) == 0x11223344
    with pytest.raises(UnmodelledAccessError, match="write of SAMPLE register 0x018"):
        sample.write(0x18, 4, 1)


def test_bus_refuses_what_is_not_there() -> None:
    rom = Ram(0x10000000, 0x100)
    bus = Bus((rom,), (), (rom,), (Sample(),), lambda address, size, value: value)
    assert bus.load(0x40000010, 4) == 0x11223344
    with pytest.raises(BusError):
        bus.load(0x30000000, 4)
    with pytest.raises(BusError, match="cannot be written"):
        bus.store(0x10000000, 4, 1)
