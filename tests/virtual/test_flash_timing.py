"""Flash wait states: what the compiled hook and the judge of loads say is what can be counted by hand."""

import ctypes

import pytest

from harness.bench import open_board
from harness.config.kinds import Flash, load_kind
from harness.virtual import hook_layout as layout
from harness.virtual.costs import CostTable
from harness.virtual.counting import CycleCounter
from harness.virtual.flash_timing import LOAD_UNITS, FlashSetting, FlashTiming, block_loads
from harness.virtual.memory import Ram
from tests.virtual.program import Console, build_program

FLASH = Flash(origin=0, size_bytes=0x1000, wait_states=4, read_bytes=8, code_cache_bytes=64)
IN_FLASH, IN_RAM = 0x100, 0x2000_0000
NOP, BRANCH = bytes.fromhex("00bf"), bytes.fromhex("fee7")


class Counted:
    """A counter whose blocks the test runs itself, in place of the emulator."""

    def __init__(self, flash: Flash, *, code_is_known: bool = False) -> None:
        self.memory = Ram(flash.origin, flash.size_bytes)
        self.memory.write(0, NOP * (flash.size_bytes // 2))
        self.counter = CycleCounter(
            CostTable("cortex-m4"), self.memory, Ram(IN_RAM, 0x100), FlashTiming(flash)
        )
        self.state = self.counter.state.array
        self._read = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(
            self._read_register
        )
        self.registers = [IN_RAM] * 13
        if code_is_known:
            self.state[layout.S_CODE_0] = self.memory.address
        self.state[layout.S_REGISTER_FUNCTION] = ctypes.cast(self._read, ctypes.c_void_p).value or 0

    def _read_register(self, engine: int, number: int, into: int) -> int:
        ctypes.c_uint32.from_address(into).value = self.registers[number]
        return 0

    def cycles_of(self, size: int, pointer: int) -> int:
        """Of a run of the block at 0, with R1 pointing there."""
        before = self.counter.cycles()
        self.registers[1] = pointer
        self.run((0, size))
        return self.counter.cycles() - before

    def run(self, *blocks: tuple[int, int]) -> int:
        """Run blocks of NOPs given by (address, bytes); the cycles that they waited for the flash."""
        before = self.state[layout.S_WAITED]
        for address, size in blocks:
            hook = self.counter.state.hook.on_block
            hook(None, ctypes.c_uint64(address), ctypes.c_uint32(size), ctypes.byref(self.state))
        return int(self.state[layout.S_WAITED] - before)


def test_a_loop_waits_once_for_what_the_cache_holds() -> None:
    counted = Counted(FLASH)
    assert counted.run((0, 32)) == 4 * 4
    assert counted.run((0, 32), (0, 32)) == 0
    assert counted.run((0x200, 16)) == 2 * 4
    assert counted.run((0, 32)) == 0, "there is room for 8 reads"


def test_a_loop_longer_than_the_cache_waits_every_time() -> None:
    counted = Counted(FLASH)
    assert [counted.run((0, 72)) for _ in range(3)] == [9 * 4] * 3


def test_only_what_a_block_touches_is_read() -> None:
    assert Counted(FLASH).run((6, 2), (4, 2)) == 4
    assert Counted(FLASH).run((6, 4)) == 2 * 4


def test_prefetch_hides_what_follows_but_not_a_jump() -> None:
    counted = Counted(FLASH.model_copy(update={"prefetch": True}))
    assert counted.run((0, 32)) == 4 + 3 * 1
    assert counted.run((0x100, 8)) == 4
    assert counted.run((0x108, 8)) == 1


def test_without_a_cache_each_read_waits_but_the_last_one_stays() -> None:
    counted = Counted(FLASH.model_copy(update={"code_cache_bytes": 0}))
    assert counted.run((0, 8), (0, 4), (4, 4)) == 4
    assert counted.run((8, 8), (0, 8)) == 8


def test_code_in_ram_and_a_flash_without_wait_states_cost_nothing() -> None:
    assert Counted(FLASH).run((IN_RAM, 32)) == 0
    assert Counted(FLASH.model_copy(update={"wait_states": 0})).run((0, 32)) == 0


@pytest.mark.parametrize(
    ("code", "without", "cached"),
    [
        ("0868", 4, 2),  # ldr r0, [r1]: 4 of the 8 bytes of a read
        ("1068", 0, 0),  # ldr r0, [r2]: in RAM
        ("0878", 4, 0.5),  # ldrb r0, [r1]
        ("0ec9", 12, 6),  # ldm r1, {r1, r2, r3}
        ("0048", 4, 0),  # ldr r0, [pc]: a literal
        ("51f8040b 0868", 8, 4),  # ldr r0, [r1], #4; ldr r0, [r1]: the pointer moves on
        ("0968 0868", 4, 2),  # ldr r1, [r1]; ldr r0, [r1]: nobody knows where the second one reads
        ("1160 0868", 4, 2),  # str r1, [r2] leaves r1 as it is
        ("8818 0868", 4, 2),  # adds r0, r1, r2 as well
    ],
)
def test_loads_are_judged_by_the_registers(code: str, without: float, cached: float) -> None:
    pointing = {1}  # of the registers, to flash
    loads = block_loads(CostTable("cortex-m4").decode(bytes.fromhex(code), 0))
    for data_cache, cycles in ((False, without), (True, cached)):
        timing = FlashTiming(FLASH.model_copy(update={"data_cache": data_cache}))
        read = sum(
            timing.load_cost(loads.by_pointer[number]) for number in pointing & loads.by_pointer.keys()
        )
        assert read + timing.literal_cost(loads.literals) == cycles * LOAD_UNITS


@pytest.mark.parametrize(
    "code",
    [
        "0868", "0878", "0888", "8858", "885a", "885c", "8856", "885e",  # ldr, ldrb, ldrh, by register, ldrsb, ldrsh
        "02c9", "91e80600", "d1e90023", "51f8040b", "91f80020", "b1f80020", "91f90020", "51f82220",  # ldm, ldrd, wide ones
    ],
)  # fmt: skip
def test_the_hook_sees_every_load(code: str) -> None:
    """Through r1, each time that it points to flash, and through no other register."""
    counted = Counted(FLASH, code_is_known=True)
    counted.memory.write(0, bytes.fromhex(code) + NOP)
    counted.state[counted.counter.state.blocks] = layout.REVIEWED
    size = len(bytes.fromhex(code) + NOP)
    counted.run((0, size))  # the cache holds the code from here on
    runs = [counted.cycles_of(size, pointer) for pointer in (IN_RAM, IN_FLASH, IN_RAM, IN_FLASH)]
    assert runs[0] == runs[2] < runs[1] == runs[3]


def test_the_program_decides_about_wait_states_and_caches() -> None:
    counted = Counted(FLASH.model_copy(update={"prefetch": True}))
    loop = ((0, 32),) * 2
    assert counted.run(*loop) == 4 + 3 * 1
    counted.counter.set_flash(FlashSetting(4, True, False, False))
    assert counted.run(*loop) == 4 * 4, "without prefetch, the cache being empty"
    counted.counter.set_flash(FlashSetting(4, False, False, True))
    assert counted.run(*loop) == 2 * (4 + 3 * 1), "without cache"
    counted.counter.set_flash(FlashSetting(0, False, False, False))
    assert counted.run(*loop) == 0
    counted.counter.set_flash(FlashSetting(2, True, True, True))
    assert counted.run((0, 32)) == 2


def test_what_a_chip_lacks_cannot_be_switched_on() -> None:
    counted = Counted(FLASH.model_copy(update={"code_cache_bytes": 0}))
    counted.counter.set_flash(FlashSetting(4, True, True, True))
    assert counted.run(*((0, 32),) * 2) == 2 * 4 * 4


def test_cycles_before_a_change_of_the_setting_stay() -> None:
    counted = Counted(FLASH)
    counted.memory.write(0, bytes.fromhex("0048 00bf"))  # ldr r0, [pc]; nop
    counted.run((0, 4), (0, 4))
    before = counted.counter.cycles()
    assert before == 2 * (2 + 1) + 4 + 2 * 4, "instructions, one read of code, two of a literal"
    counted.counter.set_flash(FlashSetting(1, True, False, False))
    assert counted.counter.cycles() == before
    counted.run((0, 4))
    assert counted.counter.cycles() == before + (2 + 1) + 1 + 1


def test_a_board_waits_as_its_kind_says() -> None:
    """The same program on a board with wait states: a short loop costs the same once it is in the cache."""
    assert load_kind("nrf52840-dk").flash.wait_states == 2
    with open_board("virtual:nrf52840-dk") as board:
        board.flash(build_program("nrf52840-dk"))
        with Console(board) as console:
            _, uncached, still = (console.number("1") for _ in range(3))
            assert uncached == still
            target = console.board.session().target
            target.write32(0x4001_E540, 1)  # NVMC.ICACHECNF
            target.flush()
            first, again, longer = console.number("1"), console.number("1"), console.number("2")
            assert first > again, "the first round fills the cache"
            assert uncached > again, "which is off until the program switches it on"
            assert longer - again == 4 * (3000 - 1000)
            assert console.number("1") == again
