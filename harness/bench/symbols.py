"""Code addresses in words, from an image's symbol table."""

from bisect import bisect_right
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from harness.bench.source_lines import source_line


def pointer_value(elf_path: Path, name: str) -> int | None:
    """What the constant pointer called `name` points at; `None` if the image has none.

    Args:
        elf_path: The linked image.
        name: Of a 32-bit constant in flash.
    """
    with elf_path.open("rb") as stream:
        elf = ELFFile(stream)
        table = elf.get_section_by_name(".symtab")
        found = table.get_symbol_by_name(name) if isinstance(table, SymbolTableSection) else None
        for symbol in found or ():
            address = symbol["st_value"]
            for segment in elf.iter_segments("PT_LOAD"):
                offset = address - segment["p_vaddr"]
                if 0 <= offset <= segment["p_filesz"] - 4:
                    return int.from_bytes(segment.data()[offset : offset + 4], "little")
    return None


class Symbols:
    """Functions of one image.

    Args:
        elf_path: The linked image; `None` if none is known, then addresses stay numbers.
    """

    def __init__(self, elf_path: Path | None = None) -> None:
        self._functions: list[tuple[int, int, str]] = []
        self._elf_path = elf_path
        if elf_path is None:
            return
        with elf_path.open("rb") as stream:
            for section in ELFFile(stream).iter_sections():
                if isinstance(section, SymbolTableSection):
                    self._functions += [
                        (symbol["st_value"] & ~1, symbol["st_size"], symbol.name)
                        for symbol in section.iter_symbols()
                        if symbol["st_info"]["type"] == "STT_FUNC"
                    ]
        self._functions.sort()

    def locate(self, address: int) -> str:
        """`'0x000001C2 (command+0x12, commands.c:42)'`, or the bare address outside all functions."""
        address &= ~1
        text = f"0x{address:08X}"
        index = bisect_right(self._functions, (address, 1 << 32, "")) - 1
        if index < 0:
            return text
        start, size, name = self._functions[index]
        if address >= start + size or self._elf_path is None:
            return text
        line = source_line(self._elf_path, address)
        return f"{text} ({name}+0x{address - start:X}{f', {line}' if line else ''})"
