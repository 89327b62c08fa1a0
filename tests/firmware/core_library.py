"""The firmware's kernels on an emulated Cortex-M0 or M4, called one by one, with the cycles they took.

The core, its faults and the cycle model are those of the virtual boards.
"""

import tempfile
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from elftools.elf.elffile import ELFFile

from harness.config.kinds import Flash
from harness.config.paths import resource_dir
from harness.firmware.elf import load_elf
from harness.firmware.sources import include_dirs
from harness.firmware.toolchain import find_toolchain
from harness.virtual.core_registers import LR, PC, SP, XPSR
from harness.virtual.costs import CostTable
from harness.virtual.counting import CycleCounter
from harness.virtual.emulator import Emulator
from harness.virtual.flash_timing import FlashTiming
from harness.virtual.memory import Bus, BusError, Ram

CORES = ("cortex-m0", "cortex-m4")
_FLASH, _FLASH_BYTES = 0x0000_0000, 1 << 20
_RAM, _RAM_BYTES = 0x2000_0000, 1 << 20
_STACK_BYTES = 4096
_RETURN = _FLASH + _FLASH_BYTES - 16  # nothing is linked there
_THUMB_STATE = 1 << 24
_GUARD = bytes([0x5A]) * 64
_TIMEOUT_S = 60.0
_SCRIPT = f"""
MEMORY {{ FLASH (rx) : ORIGIN = {_FLASH}, LENGTH = {_FLASH_BYTES}
         RAM (rwx) : ORIGIN = {_RAM}, LENGTH = {_STACK_BYTES} }}
SECTIONS
{{
  .text : {{ KEEP(*(.text .text.* .rodata .rodata.*)) . = ALIGN(4); }} > FLASH
  .ARM.exidx : {{ *(.ARM.exidx*) }} > FLASH
  .data : {{ *(.data .data.* .bss .bss.* COMMON) }} > RAM
  /DISCARD/ : {{ *(.ARM.extab*) }}
}}
ASSERT(SIZEOF(.data) == 0, "kernels have no variables of their own")
"""


@dataclass(frozen=True)
class Called:
    """What a call gave: `r0` as a signed number, `cycles` from the first instruction to the return."""

    r0: int
    cycles: int


class CoreLibrary:
    """Kernels in the flash of an emulated core; `core_library` makes and keeps them.

    Args:
        core: One of `CORES`.
        toolchain: `"zig"` or `"gcc"`.
        sources: C and assembly files; all kernels and the memory functions if not given.

    Attributes:
        sizes: Bytes of code of each function.
    """

    def __init__(self, core: str, toolchain: str, sources: tuple[Path, ...] = ()) -> None:
        self._flash, self._ram = Ram(_FLASH, _FLASH_BYTES), Ram(_RAM, _RAM_BYTES)
        self._load(core, toolchain, sources or _all_sources())
        bus = Bus((self._flash, self._ram), (), (self._flash,), (), _no_flash_store)
        at_once = FlashTiming(Flash(origin=_FLASH, size_bytes=_FLASH_BYTES))
        self._counter = CycleCounter(CostTable(core), self._flash, self._ram, at_once)
        self._emulator = Emulator(
            core,
            bus,
            (self._ram,),
            (),
            self._counter,
            threading.Condition(),
            _no_flash_store,
            lambda address: "",
        )
        self.clear()

    def _load(self, core: str, toolchain: str, sources: tuple[Path, ...]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            script, elf = Path(folder) / "kernels.ld", Path(folder) / "kernels.elf"
            script.write_text(_SCRIPT)
            find_toolchain(toolchain, core).link(list(sources), include_dirs(), script, elf)
            for address, data in load_elf(elf, _RAM).segments:
                self._flash.write(address, data)
            with elf.open("rb") as stream:
                table = ELFFile(stream).get_section_by_name(".symtab")
                functions = [s for s in table.iter_symbols() if s["st_info"]["type"] == "STT_FUNC"]
        self.sizes = {symbol.name: int(symbol["st_size"]) for symbol in functions}
        self._entries = {symbol.name: int(symbol["st_value"]) for symbol in functions}

    def clear(self) -> None:
        """Forget everything placed."""
        self._free = _RAM + _STACK_BYTES
        self._guards: list[int] = []
        self._guard()

    def _guard(self) -> None:
        self._ram.write(self._free, _GUARD)
        self._guards.append(self._free)
        self._free += len(_GUARD)

    def place(self, data: np.ndarray | bytes, misalignment: int = 0) -> int:
        """Address of a copy of `data`, `misalignment` bytes past a multiple of 8, guarded on both sides."""
        content = data if isinstance(data, bytes) else np.ascontiguousarray(data).tobytes()
        padding = (misalignment - self._free) % 8
        self._ram.write(self._free, _GUARD[:padding])
        address = self._free + padding
        assert address + len(content) + len(_GUARD) <= _RAM + _RAM_BYTES, "the emulated memory is full"
        self._ram.write(address, content)
        self._free = address + len(content)
        self._guard()
        return address

    def fetch(self, address: int, shape: int | tuple[int, ...], dtype: type = np.int8) -> np.ndarray:
        """Copy of an array in the core's memory."""
        count = int(np.prod(shape)) * np.dtype(dtype).itemsize
        return np.frombuffer(self._ram.read(address, count), dtype).reshape(shape).copy()

    def call(self, symbol: str, *args: int | np.ndarray | bytes) -> Called:
        """Call a function with integers, addresses, or data.

        Arrays and bytes are placed and passed by address, an array given twice at the same one. Writeable
        arrays receive what the function left there.

        Raises:
            AssertionError: The function faulted, did not end, broke the calling convention, or wrote
                outside all that was placed.
        """
        mark, guards = self._free, len(self._guards)
        try:
            return self._call(symbol, args)
        finally:
            self._free = mark
            del self._guards[guards:]

    def _call(self, symbol: str, args: tuple[int | np.ndarray | bytes, ...]) -> Called:
        places: dict[int, tuple[int, np.ndarray]] = {}
        words = []
        for arg in args:
            if isinstance(arg, np.ndarray):
                if id(arg) not in places:
                    places[id(arg)] = (self.place(arg), arg)
                words.append(places[id(arg)][0])
            else:
                words.append(self.place(arg) if isinstance(arg, bytes) else int(arg))
        called = self._run(symbol, words)
        for address, array in (place for place in places.values() if place[1].flags.writeable):
            array[...] = self.fetch(address, array.shape, array.dtype.type)
        for address in self._guards:
            assert self._ram.read(address, len(_GUARD)) == _GUARD, f"{symbol} wrote outside its buffers"
        return called

    def _run(self, symbol: str, words: list[int]) -> Called:
        registers = self._emulator.registers
        on_stack = words[4:]
        top = _RAM + _STACK_BYTES - 8 - (4 * len(on_stack) + 7) // 8 * 8
        self._ram.write(_RAM, b"\xa5" * _STACK_BYTES)
        for index, word in enumerate(on_stack):
            self._ram.write(top + 4 * index, (word & 0xFFFF_FFFF).to_bytes(4, "little"))
        before = {number: 0xB0B0_0000 + number for number in range(4, 12)} | {SP: top}
        for number in range(4):
            registers[number] = (words[number] if number < len(words) else 0xDEAD_0000) & 0xFFFF_FFFF
        registers[12] = 0xDEAD_000C
        for number, value in before.items():
            registers[number] = value
        registers[LR] = _RETURN | 1
        registers[XPSR] = _THUMB_STATE
        registers[PC] = self._entries[symbol]
        start = self._counter.cycles()
        self._counter.clear_stop()
        watchdog = threading.Timer(_TIMEOUT_S, self._counter.request_stop)
        watchdog.start()
        try:
            stop = self._emulator.run(frozenset({_RETURN}))
        finally:
            watchdog.cancel()
            watchdog.join()
        assert stop.kind == "breakpoint", (
            f"{symbol}: {stop.reason or stop.kind} at {self.nearest(registers[PC])}"
        )
        after = {number: registers[number] for number in before}
        assert after == before, f"{symbol} did not restore {[n for n in before if after[n] != before[n]]}"
        value = registers[0]
        return Called(value - (value >> 31 << 32), self._counter.cycles() - start)

    def nearest(self, address: int) -> str:
        """`address` as function + offset."""
        name = max(
            (n for n, at in self._entries.items() if at & ~1 <= address), key=self._entries.__getitem__
        )
        return f"{name}+0x{address - (self._entries[name] & ~1):x}"


def _no_flash_store(address: int, _size: int, _value: int) -> int:
    raise BusError(f"store to flash at 0x{address:08X}")


def _all_sources() -> tuple[Path, ...]:
    root = resource_dir("firmware_templates")
    kernels = root / "kernels"
    return (*sorted(kernels.rglob("*.c")), *sorted(kernels.rglob("*.S")), root / "core" / "memory.c")


@cache
def core_library(core: str, toolchain: str, sources: tuple[Path, ...] = ()) -> CoreLibrary:
    """The kernels built for `core` by `toolchain`, once for this process."""
    return CoreLibrary(core, toolchain, sources)
