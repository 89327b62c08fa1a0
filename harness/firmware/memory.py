"""Static memory plan: every activation gets an offset in one arena.

Buffers share memory when their lives do not meet, and a layer's output may lie over the input that dies there
as far as the kernel's `Overlap` allows.
"""

import random
from dataclasses import dataclass, field

from harness.firmware.graph import Graph
from harness.firmware.layer import Layer
from harness.firmware.overlap import Overlap

_ALIGNMENT = 4
_SHUFFLES = 600  # orders tried beyond the obvious ones; more found nothing better on the reference models


@dataclass(frozen=True)
class Buffer:
    """A piece of arena.

    Attributes:
        key: Its name.
        size_bytes: Its size.
        first: First layer that needs it.
        last: Last layer that needs it (inclusive).
        over: Buffers that end where this one begins and that it may lie over, with the allowed offsets.
    """

    key: str
    size_bytes: int
    first: int
    last: int
    over: dict[str, Overlap] = field(default_factory=dict)


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


def plan_memory(graph: Graph, layers: list[Layer], *, keep_input: bool) -> MemoryPlan:
    """Place all activations and scratch buffers.

    Args:
        graph: Gives input and output.
        layers: In execution order.
        keep_input: Whether the input's memory stays untouched through the whole inference.
    """
    return place(buffers_of(graph, layers, keep_input=keep_input))


def buffers_of(graph: Graph, layers: list[Layer], *, keep_input: bool) -> list[Buffer]:
    """All activations and scratch buffers, and when they are alive; arguments as of `plan_memory`."""
    end = len(layers)
    first = {graph.input.index: 0}
    last = {graph.input.index: end if keep_input else 0, graph.output.index: end}
    sizes = {graph.input.index: graph.input.size}
    over: dict[int, dict[str, Overlap]] = {}
    scratch = []
    for position, layer in enumerate(layers):
        for tensor in layer.inputs:
            last[tensor.index] = max(last.get(tensor.index, 0), position)
        first[layer.output.index] = position
        last.setdefault(layer.output.index, position)
        sizes[layer.output.index] = layer.output.size
        if layer.overlap:
            over[layer.output.index] = {tensor_key(t.index): layer.overlap for t in layer.inputs}
        if layer.scratch_bytes:
            scratch.append(Buffer(scratch_key(position), layer.scratch_bytes, position, position))
    return [Buffer(tensor_key(i), sizes[i], first[i], last[i], over.get(i, {})) for i in sizes] + scratch


def free_offset(plan: MemoryPlan, buffers: list[Buffer], layer: int, size_bytes: int) -> int | None:
    """Where `size_bytes` of the arena are free while `layer` runs: the lowest offset, None where there is no room."""
    alive = [
        (plan.offsets[b.key], plan.offsets[b.key] + b.size_bytes)
        for b in buffers
        if b.first <= layer <= b.last
    ]
    for offset in sorted({0, *(_aligned(end) for _, end in alive)}):
        end = offset + size_bytes
        if end <= plan.arena_bytes and all(end <= first or last <= offset for first, last in alive):
            return offset
    return None


def place(buffers: list[Buffer]) -> MemoryPlan:
    """The smallest of the plans that placing one buffer after another gives, in several orders."""
    orders = [
        sorted(buffers, key=lambda b: (-b.size_bytes, b.first, b.key)),
        sorted(buffers, key=lambda b: (-b.last, -b.first, b.key)),
        sorted(buffers, key=lambda b: (b.first, b.key)),
        _from_the_fullest(buffers),
    ]
    floor = max((_aligned(b.size_bytes) for b in buffers), default=0)
    best = min((_place_in_order(order) for order in orders), key=lambda plan: plan.arena_bytes)
    order = min(orders, key=lambda order: _place_in_order(order).arena_bytes)
    chance = random.Random(0)
    for _ in range(_SHUFFLES):
        if best.arena_bytes <= floor:
            break
        trial = list(order)
        trial.insert(chance.randrange(len(trial)), trial.pop(chance.randrange(len(trial))))
        plan = _place_in_order(trial)
        if plan.arena_bytes <= best.arena_bytes:
            best, order = plan, trial
    return best


def _from_the_fullest(buffers: list[Buffer]) -> list[Buffer]:
    """What is alive in the layer with most bytes alive first, then what is farther and farther from it."""
    layers = range(max((b.last for b in buffers), default=0) + 1)
    fullest = max(layers, key=lambda at: sum(b.size_bytes for b in buffers if b.first <= at <= b.last))
    return sorted(buffers, key=lambda b: (max(b.first - fullest, fullest - b.last, 0), -b.size_bytes, b.key))


def _place_in_order(order: list[Buffer]) -> MemoryPlan:
    """Each buffer at the lowest offset that those before it leave."""
    placed: list[tuple[int, Buffer]] = []
    for buffer in order:
        met = [
            (at, other) for at, other in placed if other.last >= buffer.first and buffer.last >= other.first
        ]
        offset = next(o for o in _candidates(buffer, met) if all(_agree(o, buffer, *item) for item in met))
        placed.append((offset, buffer))
    size = max((_aligned(offset + b.size_bytes) for offset, b in placed), default=0)
    return MemoryPlan({b.key: offset for offset, b in placed}, size)


def _candidates(buffer: Buffer, met: list[tuple[int, Buffer]]) -> list[int]:
    """Offsets worth trying, ascending: the last one is always free."""
    offsets = {0}
    for at, other in met:
        offsets.add(_aligned(at + other.size_bytes))
        ahead = buffer.over.get(other.key)
        if ahead:
            offsets |= {
                at + limit // _ALIGNMENT * _ALIGNMENT for limit in (ahead.highest,) if limit is not None
            }
            offsets |= {_aligned(at + limit) for limit in (ahead.lowest,) if limit is not None}
            offsets.add(at)
        behind = other.over.get(buffer.key)
        if behind:
            offsets |= {_aligned(at - limit) for limit in (behind.highest,) if limit is not None}
            offsets |= {
                (at - limit) // _ALIGNMENT * _ALIGNMENT for limit in (behind.lowest,) if limit is not None
            }
            offsets.add(at)
    return sorted(offset for offset in offsets if offset >= 0)


def _agree(offset: int, buffer: Buffer, at: int, other: Buffer) -> bool:
    """Whether `buffer` at `offset` and `other` at `at`, whose lives meet, leave each other alone."""
    if offset + buffer.size_bytes <= at or at + other.size_bytes <= offset:
        return True
    if buffer.first == other.last and other.key in buffer.over:
        return buffer.over[other.key].allows(offset - at)
    if other.first == buffer.last and buffer.key in other.over:
        return other.over[buffer.key].allows(at - offset)
    return False


def _aligned(offset: int) -> int:
    return -(-offset // _ALIGNMENT) * _ALIGNMENT
