"""Static memory plan: every activation gets an offset in one arena, reused when its readers are done."""

from dataclasses import dataclass

from harness.firmware.graph import Graph
from harness.firmware.layer import Layer

_ALIGNMENT = 4


@dataclass(frozen=True)
class Buffer:
    """A piece of arena: `key`, size in bytes, first and last layer (inclusive) that need it."""

    key: str
    size_bytes: int
    first: int
    last: int


@dataclass(frozen=True)
class MemoryPlan:
    """`offsets` in bytes of each buffer by key, and the arena's size."""

    offsets: dict[str, int]
    arena_bytes: int


def tensor_key(index: int) -> str:
    """Key of the activation with this tensor number."""
    return f"tensor {index}"


def scratch_key(layer: int) -> str:
    """Key of the working memory of this layer."""
    return f"scratch {layer}"


def plan_memory(graph: Graph, layers: list[Layer]) -> MemoryPlan:
    """Place all activations and scratch buffers.

    The input is kept through the whole inference, because `infer N W` runs on one loaded sample.
    """
    return place(_buffers(graph, layers))


def _buffers(graph: Graph, layers: list[Layer]) -> list[Buffer]:
    end = len(layers)
    first = {graph.input.index: 0}
    last = {graph.input.index: end, graph.output.index: end}
    sizes = {graph.input.index: graph.input.size}
    scratch = []
    for position, layer in enumerate(layers):
        for tensor in layer.inputs:
            last[tensor.index] = max(last.get(tensor.index, 0), position)
        first[layer.output.index] = position
        last.setdefault(layer.output.index, position)
        sizes[layer.output.index] = layer.output.size
        if layer.scratch_bytes:
            scratch.append(Buffer(scratch_key(position), layer.scratch_bytes, position, position))
    return [Buffer(tensor_key(i), sizes[i], first[i], last[i]) for i in sizes] + scratch


def place(buffers: list[Buffer]) -> MemoryPlan:
    """Largest first, each at the lowest offset that is free throughout its life."""
    placed: list[tuple[int, Buffer]] = []
    offsets: dict[str, int] = {}
    for buffer in sorted(buffers, key=lambda b: (-b.size_bytes, b.first, b.key)):
        offset = 0
        for other_offset, other in sorted(placed, key=lambda item: item[0]):
            if other.last < buffer.first or buffer.last < other.first:
                continue
            if other_offset - offset >= buffer.size_bytes:
                break
            offset = max(offset, _aligned(other_offset + other.size_bytes))
        offsets[buffer.key] = offset
        placed.append((offset, buffer))
    return MemoryPlan(offsets, max((_aligned(o + b.size_bytes) for o, b in placed), default=0))


def _aligned(offset: int) -> int:
    return -(-offset // _ALIGNMENT) * _ALIGNMENT
