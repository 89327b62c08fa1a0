"""Source lines of code addresses, from an image's debug information (DWARF 2 to 5)."""

from pathlib import Path, PurePosixPath
from typing import Any

from elftools.dwarf.dwarfinfo import DWARFInfo
from elftools.elf.elffile import ELFFile


def source_line(elf_path: Path, address: int) -> str | None:
    """`"commands.c:42"`, the line that the instruction at `address` was made from; `None` if it is not told."""
    with elf_path.open("rb") as stream:
        elf = ELFFile(stream)
        if not elf.has_dwarf_info():
            return None
        debug = elf.get_dwarf_info()
        for unit in debug.iter_CUs():
            found = _in_unit(debug, unit, address)
            if found:
                return found
    return None


def _in_unit(debug: DWARFInfo, unit: Any, address: int) -> str | None:
    program = debug.line_program_for_CU(unit)
    if program is None:
        return None
    previous = None
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        if previous is not None and previous.address <= address < state.address and previous.line:
            return f"{_file_name(program, previous.file)}:{previous.line}"
        previous = None if state.end_sequence else state
    return None


def _file_name(program: Any, number: int) -> str:
    # Files are counted from 1 before DWARF 5.
    files = program["file_entry"]
    entry = files[number if program["version"] >= 5 else number - 1]
    return PurePosixPath(entry.name.decode(errors="replace")).name
