"""A pyOCD target for virtual STM32L4R5 chips, which pyOCD itself knows only with ST's device pack.

It is derived from pyOCD's own `stm32l475xg`: both chips have the same flash controller, with pages of
4 KB instead of 2 KB and banks of 1 MB instead of 512 KB. Four words of the flash algorithm depend on
that. A real board is programmed with the pack's algorithm.

Loaded into every process that uses pyOCD with such a board, so it imports nothing but pyOCD.
"""

from pyocd.core.memory_map import FlashRegion, MemoryMap, RamRegion
from pyocd.target import TARGET
from pyocd.target.builtin import target_STM32L475xx as l475

_NAME = "stm32l4r5zitx"
# Words of the algorithm and what takes their place.
_CHANGES = {
    0x0808_0000: 0x0810_0000,  # where bank 2 begins
    0x0000_02FF: 0x0000_01FF,  # mask of a page number, both banks counted through
    0x4008_0AD0: 0x4008_0B10,  # page of an address: shifted by 12 bits, not 11
    0xD5F9_0311: 0xD5F9_0151,  # bit 19 of the address chooses nothing: bit 26, always 0, stands in its place
}


def _algorithm() -> dict[str, object]:
    """The flash algorithm of the STM32L475 with page and bank size of the STM32L4R5."""
    words = [_CHANGES.get(word, word) for word in l475.FLASH_ALGO["instructions"]]
    return {**l475.FLASH_ALGO, "instructions": words}


class VirtualL4R5(l475.STM32L475xx):  # type: ignore[misc]  # pyOCD is untyped here
    """STM32L4R5xI with 2 MB of flash in two banks."""

    def __init__(self, session: object) -> None:
        super().__init__(
            session,
            MemoryMap(
                FlashRegion(
                    name="flash", start=0x0800_0000, length=0x20_0000, sector_size=0x1000, page_size=0x400,
                    is_boot_memory=True, algo=_algorithm(),
                ),
                RamRegion(name="ram", start=0x2000_0000, length=0xA_0000),
                RamRegion(name="sram2", start=0x1000_0000, length=0x1_0000),
            ),
        )  # fmt: skip


def provide(target: str) -> None:
    """Make `target` known to pyOCD if it is this chip and no other definition is there."""
    if target == _NAME:
        TARGET.setdefault(_NAME, VirtualL4R5)
