"""The functions of a linked image, instruction by instruction."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import capstone
from capstone import arm
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

_THUMB = 1
_MAPPING = ("$t", "$d")
_PAIR = (arm.ARM_INS_MOV, arm.ARM_INS_MOVW)


@dataclass(frozen=True)
class Extent:
    """Bytes `start` to `end` (exclusive) of a function or constant."""

    name: str
    start: int
    end: int


class MachineCode:
    """Code and constants of an image for Cortex-M.

    Args:
        elf_path: The linked image with its symbols.
    """

    def __init__(self, elf_path: Path) -> None:
        with elf_path.open("rb") as stream:
            elf = ELFFile(stream)
            self._memory = [(s["p_vaddr"], s.data()) for s in elf.iter_segments("PT_LOAD") if s["p_filesz"]]
            # Debug information has mapping symbols too, at offsets that look like addresses.
            loaded = {n for n, s in enumerate(elf.iter_sections()) if s["sh_flags"] & SH_FLAGS.SHF_ALLOC}
            table = elf.get_section_by_name(".symtab")
            symbols = [s for s in table.iter_symbols() if s["st_shndx"] in loaded]
        self._marks = sorted((s["st_value"], s.name[:2]) for s in symbols if s.name.split(".")[0] in _MAPPING)
        self._functions = _extents(symbols, "STT_FUNC")
        self._objects = [
            o for o in _extents(symbols, "STT_OBJECT").values() if self.word(o.start) is not None
        ]
        self._starts = sorted(self._functions)
        self._close_open_functions()
        self._decoder = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
        self._decoder.detail = True
        self._decoded: dict[int, dict[int, capstone.CsInsn]] = {}

    def word(self, address: int) -> int | None:
        """The programmed word at `address`, None outside the image."""
        for base, data in self._memory:
            if base <= address <= base + len(data) - 4:
                return int.from_bytes(data[address - base : address - base + 4], "little")
        return None

    def function(self, address: int) -> Extent | None:
        """The function that holds the instruction at `address`."""
        position = bisect_right(self._starts, address) - 1
        found = self._functions[self._starts[position]] if position >= 0 else None
        return found if found and address < found.end else None

    def entry(self, value: int) -> int | None:
        """Where the function begins that `value` points to, None if it is no such pointer."""
        return value - _THUMB if value & _THUMB and value - _THUMB in self._functions else None

    def table(self, address: int) -> Extent | None:
        """The constant that holds the byte at `address`."""
        return next((o for o in self._objects if o.start <= address < o.end), None)

    def table_named(self, name: str) -> Extent | None:
        """The constant called `name`."""
        return next((o for o in self._objects if o.name == name), None)

    def pointers(self, table: Extent) -> list[int]:
        """Entries of the functions that `table` points to."""
        words = (self.word(address) for address in range(table.start, table.end - 3, 4))
        return [entry for word in words if word is not None and (entry := self.entry(word)) is not None]

    def instructions(self, function: Extent) -> dict[int, capstone.CsInsn]:
        """The function's instructions by address; constants between them are left out."""
        if function.start not in self._decoded:
            found = {}
            for start, end in self._code_ranges(function):
                found.update({i.address: i for i in self._decoder.disasm(self._bytes(start, end), start)})
            self._decoded[function.start] = found
        return self._decoded[function.start]

    def constants(self, function: Extent) -> set[int]:
        """Numbers of 32 bits that the function loads or adds to its own address."""
        found = set()
        low_halves: dict[int, int] = {}
        for instruction in self.instructions(function).values():
            if len(instruction.operands) < 2:
                continue
            first, *rest = instruction.operands
            last = rest[-1]
            from_pc = (instruction.address + 4) & ~3
            if (
                instruction.id == arm.ARM_INS_LDR
                and last.type == arm.ARM_OP_MEM
                and last.mem.base == arm.ARM_REG_PC
            ):
                word = self.word(from_pc + last.mem.disp)
                found |= {word} if word is not None else set()
            elif instruction.id == arm.ARM_INS_ADR:
                found.add(from_pc + last.imm)
            elif last.type != arm.ARM_OP_IMM:
                continue
            elif rest[0].type == arm.ARM_OP_REG and rest[0].reg == arm.ARM_REG_PC:
                found.add(from_pc + last.imm)
            elif instruction.id in _PAIR:
                low_halves[first.reg] = last.imm
            elif instruction.id == arm.ARM_INS_MOVT:
                found.add(last.imm << 16 | low_halves.get(first.reg, 0))
        return found

    def _close_open_functions(self) -> None:
        """Functions of assembly without a size end where the next one begins."""
        ends = [base + len(data) for base, data in self._memory]
        for start, following in zip(self._starts, [*self._starts[1:], None], strict=True):
            function = self._functions[start]
            if function.end == start:
                end = min(
                    (end for end in (*ends, following) if end is not None and end > start), default=start
                )
                self._functions[start] = replace(function, end=end)

    @cached_property
    def _mark_starts(self) -> list[int]:
        return [address for address, _ in self._marks]

    def _code_ranges(self, function: Extent) -> Iterator[tuple[int, int]]:
        """Parts of the function that mapping symbols call instructions."""
        at = function.start
        while at < function.end:
            position = bisect_right(self._mark_starts, at)
            end = self._mark_starts[position] if position < len(self._marks) else function.end
            end = min(end, function.end)
            if position == 0 or self._marks[position - 1][1] == "$t":
                yield at, end
            at = end

    def _bytes(self, start: int, end: int) -> bytes:
        base, data = next((b, d) for b, d in self._memory if b <= start < b + len(d))
        return bytes(data[start - base : end - base])


def _extents(symbols: list, kind: str) -> dict[int, Extent]:  # type: ignore[type-arg]
    """What symbols of a type name, by first address; the longest where several begin there."""
    found: dict[int, Extent] = {}
    for symbol in symbols:
        if symbol["st_info"]["type"] != kind:
            continue
        start = symbol["st_value"] & ~_THUMB if kind == "STT_FUNC" else symbol["st_value"]
        extent = Extent(symbol.name, start, start + symbol["st_size"])
        if start not in found or found[start].end < extent.end:
            found[start] = extent
    return found
