"""pyOCD's map of a chip, made to fit a board."""

from pyocd.core.memory_map import MemoryMap


def resize(memory_map: MemoryMap, origin: int, length: int) -> None:
    """Give a region of pyOCD's map of a chip the length that this board has.

    pyOCD knows one variant of each chip; a kind may have more or less memory.

    Args:
        memory_map: The target's own map; changed in place.
        origin: Where the memory begins; a memory that pyOCD does not know there stays unknown.
        length: Its bytes.
    """
    region = memory_map.get_region_for_address(origin)
    if region is not None and region.start == origin:
        memory_map.remove_region(region)
        memory_map.add_region(region.clone_with_changes(length=length))
