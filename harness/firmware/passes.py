"""Passes over the graph, each one small and exact: the outputs stay the same to the bit."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from harness.errors import InputError
from harness.firmware.eliminate import eliminate_channels
from harness.firmware.graph import Graph, Op, Tensor
from harness.firmware.rewrite import join_pairs, pool_maxima, spread_dilations

Pass = Callable[[Graph], Graph]


def simplify(graph: Graph, *, eliminate: bool = True) -> Graph:
    """All passes in their order; `eliminate=False` keeps channels that carry nothing, to compare with."""
    for step in PASSES:
        if eliminate or step is not eliminate_channels:
            graph = step(graph)
    return graph


def drop_converted_ends(graph: Graph) -> Graph:
    """Drop QUANTIZE and DEQUANTIZE between int8 and float32 or uint8 at the ends: the host converts."""
    ops = list(graph.ops)
    first, last = graph.input, graph.output
    if ops and ops[0].kind == "QUANTIZE" and _is_outer(first, ops[0].output):
        first = ops.pop(0).output
    if ops and ops[-1].kind in ("QUANTIZE", "DEQUANTIZE") and _is_outer(last, ops[-1].tensor(0)):
        last = ops.pop().tensor(0)
    return Graph(first, last, tuple(ops))


def _is_outer(outside: Tensor, inside: Tensor) -> bool:
    """Whether `outside` only says in another type what the int8 tensor `inside` says."""
    if inside.dtype != "int8":
        return False
    same_scale = outside.scales.size == 1 and outside.scale == inside.scale
    return outside.dtype == "float32" or (
        outside.dtype == "uint8" and same_scale and outside.zero_point == inside.zero_point + 128
    )


def require_int8(graph: Graph) -> Graph:
    """Refuse activations that are not int8.

    Raises:
        InputError: A tensor has another type, with the operator that uses it.
    """
    for op in graph.ops:
        for tensor in (op.tensor(0), op.output):
            if tensor.dtype == "float32":
                raise InputError(
                    f"{op.label} works on float32: the model is not fully quantised; "
                    "convert it with int8 inputs and outputs"
                )
            if tensor.dtype != "int8" or tensor.scales.size != 1:
                raise InputError(
                    f"{op.label} works on {tensor.dtype}; only quantised int8 tensors can be run"
                )
    return graph


def drop_reshapes(graph: Graph) -> Graph:
    """RESHAPE moves no bytes: its consumers read its input under the new shape."""
    renamed: dict[int, Tensor] = {}

    def resolve(tensor: Tensor | None) -> Tensor | None:
        while tensor is not None and tensor.index in renamed:
            tensor = replace(renamed[tensor.index], shape=tensor.shape)
        return tensor

    ops = []
    for op in graph.ops:
        op = replace(op, inputs=tuple(resolve(tensor) for tensor in op.inputs))
        if op.kind == "RESHAPE":
            renamed[op.output.index] = op.tensor(0)
        else:
            ops.append(op)
    output = resolve(graph.output)
    assert output is not None
    return Graph(graph.input, output, tuple(ops))


def fold_pads(graph: Graph) -> Graph:
    """A spatial PAD whose only reader is a convolution with valid padding becomes that one's padding."""
    readers: dict[int, list[Op]] = {}
    for op in graph.ops:
        for tensor in op.inputs:
            if tensor is not None:
                readers.setdefault(tensor.index, []).append(op)
    folded: dict[int, Op] = {}
    ops: list[Op] = []
    for op in graph.ops:
        if op.kind == "PAD" and _is_spatial(op) and op.output.index != graph.output.index:
            users = readers[op.output.index]
            if len(users) == 1 and users[0].kind in _CONVOLUTIONS and users[0].options["padding"] == "valid":
                folded[op.output.index] = op
                continue
        pad = folded.get(op.tensor(0).index)
        if pad is not None:
            (top, bottom), (left, right) = _paddings(pad)[1:3]
            op = replace(
                op,
                inputs=(pad.inputs[0], *op.inputs[1:]),
                options={**op.options, "pad": (top, left, bottom, right)},
            )
        ops.append(op)
    return Graph(graph.input, graph.output, tuple(ops))


def _paddings(pad: Op) -> list[tuple[int, int]]:
    data = pad.tensor(1).data
    if data is None:
        raise InputError(f"{pad.label} has paddings that are not constant")
    return [(int(before), int(after)) for before, after in np.asarray(data)]


def _is_spatial(pad: Op) -> bool:
    paddings = _paddings(pad)
    return len(paddings) == 4 and paddings[0] == (0, 0) and paddings[3] == (0, 0)


_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
PASSES: tuple[Pass, ...] = (
    drop_converted_ends,
    require_int8,
    spread_dilations,
    pool_maxima,
    eliminate_channels,
    join_pairs,
    drop_reshapes,
    fold_pads,
)
