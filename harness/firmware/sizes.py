"""Where the bytes of an image go: by part of the firmware and by layer, from its symbol table."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from harness.config.paths import resource_dir
from harness.firmware.elf import LoadedElf
from harness.firmware.image import LayerSize, SizeReport
from harness.firmware.stack import StackBound

PARTS = ("weights", "kernels", "protocol", "startup", "other")
"""Parts of the flash: constants of the layers; kernels with the model's own code; the serial protocol; chip start-up
with port and memory functions; the rest: strings, compiler runtime, padding."""

_FOLDERS = {"kernels": "kernels", "dut": "protocol", "core": "startup", "ports": "startup"}
_GENERATED = {"model.c": "kernels", "image_info.c": "protocol"}
# Constants that more than one file uses carry no file in the symbol table; these are the templates' own.
_GLOBALS = {
    "vectors": "startup",
    "image_info": "protocol",
    "model_layers": "kernels",
    "model_input": "kernels",
    "model_output": "kernels",
}
# Assembly names no file in the symbol table; its functions are known by their own declarations, in which a macro's
# argument (`\name`, perhaps with `\()`) stands for any word.
_DECLARED = re.compile(r"^\s*\.type\s+([\w\\()]+)\s*,\s*%function", re.MULTILINE)
_ARGUMENT = re.compile(r"\\\w+(?:\\\(\))?")
_LAYER_CONSTANT = re.compile(r"layer_(\d+)_")


@dataclass(frozen=True)
class PlacedSymbol:
    """A function or constant in flash: its name, source file (empty if not known), part and bytes."""

    name: str
    file: str
    part: str
    size_bytes: int


def size_report(
    elf_path: Path, loaded: LoadedElf, stack: StackBound, layers: Sequence[tuple[str, str]]
) -> SizeReport:
    """Sizes of a linked image.

    Args:
        elf_path: The image with its symbols.
        loaded: The same image's content.
        stack: What the image needs of it.
        layers: Name and kernel of each layer, in order.
    """
    parts = dict.fromkeys(PARTS, 0)
    constants: Counter[int] = Counter()
    for symbol in flash_symbols(elf_path):
        parts[symbol.part] += symbol.size_bytes
        if symbol.part == "weights":
            found = _LAYER_CONSTANT.match(symbol.name)
            assert found is not None
            constants[int(found[1])] += symbol.size_bytes
    parts["other"] += loaded.flash_bytes - sum(parts.values())
    return SizeReport(
        flash_bytes=loaded.flash_bytes,
        ram_bytes=loaded.ram_bytes,
        stack_bytes=stack.reserve_bytes,
        stack_bound_bytes=stack.program_bytes,
        arena_bytes=loaded.arena_bytes,
        weights_bytes=parts["weights"],
        code_bytes=loaded.flash_bytes - parts["weights"],
        parts=parts,
        layers=tuple(
            LayerSize(name, kernel, constants[index]) for index, (name, kernel) in enumerate(layers)
        ),
    )


def flash_symbols(elf_path: Path) -> list[PlacedSymbol]:
    """Functions and constants in flash, each byte counted once, by address."""
    with elf_path.open("rb") as stream:
        placed = sorted(_placed(ELFFile(stream)), key=_order)
    found = []
    end = 0
    for start, stop, symbol in placed:
        if start >= end:  # a second name of the same bytes counts no more
            found.append(symbol)
            end = stop
    return found


def _order(item: tuple[int, int, PlacedSymbol]) -> tuple[int, int, bool]:
    """By address, the longest first; of names for the same, the compiler's own last."""
    start, _, symbol = item
    return start, -symbol.size_bytes, symbol.name.startswith("__")


def _placed(elf: ELFFile) -> Iterator[tuple[int, int, PlacedSymbol]]:
    """First and last address (exclusive) of each symbol in flash, with the symbol."""
    sections = list(elf.iter_sections())
    writable = {i for i, section in enumerate(sections) if section["sh_type"] == "SHT_NOBITS"}
    loaded = {i for i, section in enumerate(sections) if section["sh_flags"] & SH_FLAGS.SHF_ALLOC}
    symbols = list(elf.get_section_by_name(".symtab").iter_symbols())
    files = _files(symbols, loaded)
    parts, assembly = _parts_of_files(), _assembly_files()
    for index, symbol in enumerate(symbols):
        kind, section = symbol["st_info"]["type"], symbol["st_shndx"]
        if kind not in ("STT_FUNC", "STT_OBJECT") or not isinstance(section, int) or section in writable:
            continue
        address, size = symbol["st_value"], symbol["st_size"]
        if kind == "STT_FUNC":
            address &= ~1
        # Linkers may make a function local and list it behind another file: where it begins says more.
        declared = next((file for pattern, file in assembly if pattern.fullmatch(symbol.name)), None)
        file = declared or files.starts.get(address) or files.locals.get(index, "")
        if kind == "STT_OBJECT" and _LAYER_CONSTANT.match(symbol.name):
            part = "weights"
        else:
            part = _GLOBALS.get(symbol.name) or parts.get(file, "other")
        if size:
            yield address, address + size, PlacedSymbol(symbol.name, file, part, size)


@dataclass(frozen=True)
class _Files:
    """Source files by index of a local symbol, and by address of what begins there."""

    locals: dict[int, str]
    starts: dict[int, str]


def _files(symbols: Sequence[Any], loaded: set[int]) -> _Files:
    """A file's local symbols follow its name; its functions begin where one of its mapping symbols lies.

    Those of debug information lie in no loaded section: their values are no addresses.
    """
    found = _Files({}, {})
    file = ""
    for index, symbol in enumerate(symbols):
        if symbol["st_info"]["type"] == "STT_FILE":
            file = symbol.name
        elif symbol["st_info"]["bind"] == "STB_LOCAL":
            found.locals[index] = file
            if symbol.name.startswith(("$t", "$d")) and symbol["st_shndx"] in loaded:
                found.starts.setdefault(symbol["st_value"], file)
    return found


def _parts_of_files() -> dict[str, str]:
    root = resource_dir("firmware_templates")
    found = dict(_GENERATED)
    for path in root.rglob("*.[cS]"):
        folder, *rest = path.relative_to(root).parts
        if folder in _FOLDERS and rest[0] != "host":  # which is no part of an image
            found[path.name] = _FOLDERS[folder]
    return found


def _assembly_files() -> list[tuple[re.Pattern[str], str]]:
    """What functions of assembly are called, with the file they are in."""
    root = resource_dir("firmware_templates")
    return [
        (re.compile(_ARGUMENT.sub(r"\\w+", name)), path.name)
        for path in sorted(root.rglob("*.S"))
        for name in _DECLARED.findall(path.read_text())
    ]
