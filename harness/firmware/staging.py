"""Constants that are copied to RAM before their layer runs: where the flash is slow and the arena has room.

A convolution reads its weights anew for every pair of pixels. From a flash with wait states each word of them waits, unless
they lie in RAM by then; and while one layer runs, much of the arena is mostly idle.
"""

from harness.firmware.layer import Layer
from harness.firmware.memory import Buffer, MemoryPlan, free_offset

_COPYING_CYCLES = 3  # a word, besides what the flash waits


def stage_constants(
    layers: list[Layer], buffers: list[Buffer], memory: MemoryPlan, wait_states: int
) -> dict[int, int]:
    """Which layers' constants are copied, and where to; the arena does not grow by it.

    Args:
        layers: In execution order.
        buffers: What lies in the arena.
        memory: Where.
        wait_states: Cycles that a read of the flash takes longer than one.

    Returns:
        Layer's position -> arena offset in bytes of its arrays, one after the other.
    """
    found = {}
    for position, layer in enumerate(layers):
        saved_cycles = (layer.passes - 1) * wait_states
        offset = free_offset(memory, buffers, position, sum(staged_bytes(layer)))
        if saved_cycles > _COPYING_CYCLES and offset is not None:
            found[position] = offset
    return found


def staged_bytes(layer: Layer) -> list[int]:
    """What each array of a layer takes in RAM, in whole words."""
    return [-(-array.size_bytes // 4) * 4 for array in layer.arrays]
