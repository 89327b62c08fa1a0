"""Reads a linked image: what goes into flash, how much memory each part takes."""

from dataclasses import dataclass
from pathlib import Path

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile


@dataclass(frozen=True)
class LoadedElf:
    """An image's content.

    Attributes:
        segments: (address, bytes) of what is programmed, by ascending address.
        flash_bytes: Bytes programmed.
        ram_bytes: Bytes of RAM reserved, stack included.
        weights_bytes: Bytes of flash that hold constants of the model.
        arena_bytes: Bytes of RAM that hold activations.
    """

    segments: tuple[tuple[int, bytes], ...]
    flash_bytes: int
    ram_bytes: int
    weights_bytes: int
    arena_bytes: int


def load_elf(path: Path, ram_origin: int) -> LoadedElf:
    """Read the image at `path`, whose addresses from `ram_origin` up (below 0x40000000) are RAM."""
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        segments = tuple(
            sorted(
                (segment["p_paddr"], segment.data())
                for segment in elf.iter_segments("PT_LOAD")
                if segment["p_filesz"]
            )
        )
        ram = sum(
            section["sh_size"]
            for section in elf.iter_sections()
            if section["sh_flags"] & SH_FLAGS.SHF_ALLOC and ram_origin <= section["sh_addr"] < 0x4000_0000
        )
        sizes = _object_sizes(elf)
    return LoadedElf(
        segments=segments,
        flash_bytes=sum(len(data) for _, data in segments),
        ram_bytes=ram,
        weights_bytes=sum(size for name, size in sizes.items() if name.startswith("layer_")),
        arena_bytes=sizes.get("arena", 0),
    )


def _object_sizes(elf: ELFFile) -> dict[str, int]:
    symbols = elf.get_section_by_name(".symtab")
    return {
        symbol.name: symbol["st_size"]
        for symbol in symbols.iter_symbols()
        if symbol["st_info"]["type"] == "STT_OBJECT" and symbol["st_shndx"] != "SHN_UNDEF"
    }
