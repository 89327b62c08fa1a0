"""Operators that no kernel runs as others that one does, with the same outputs."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import numpy as np

from harness.errors import InputError
from harness.firmware.axes import is_spatial
from harness.firmware.graph import Graph, Op, Tensor
from harness.firmware.shapes import image_shape


def join_pairs(graph: Graph) -> Graph:
    """Maps that are joined, more than two of them, as pairs that are joined one after the other."""
    tensors = [t for op in graph.ops for t in (*op.inputs, op.output) if t is not None]
    free = count(1 + max(tensor.index for tensor in tensors))
    return Graph(graph.input, graph.output, tuple(part for op in graph.ops for part in _pairs(op, free)))


def _pairs(op: Op, free: Iterator[int]) -> Iterator[Op]:
    if op.kind != "CONCATENATION":
        yield op
        return
    joined = op.tensor(0)
    for position in range(1, len(op.inputs)):
        further, is_last = op.tensor(position), position == len(op.inputs) - 1
        channels = joined.shape[-1] + further.shape[-1]
        output = op.output
        if not is_last:
            output = replace(output, index=next(free), shape=(*joined.shape[:-1], channels))
        part = {} if position == 1 else {"part": position}
        yield replace(op, inputs=(joined, further), output=output, options=op.options | part)
        joined = output


def spread_dilations(graph: Graph) -> Graph:
    """A dilated convolution as one with a larger window, whose weights between the dilated ones are zero."""
    return Graph(graph.input, graph.output, tuple(_spread(op) for op in graph.ops))


def _spread(op: Op) -> Op:
    dilation = op.options.get("dilation", (1, 1))
    assert isinstance(dilation, tuple)
    if dilation == (1, 1) or op.tensor(1).data is None:
        return op
    inputs = (op.inputs[0], _with_gaps(op.tensor(1), dilation), *op.inputs[2:])
    return replace(op, inputs=inputs, options={**op.options, "dilation": (1, 1)})


def _with_gaps(weights: Tensor, dilation: tuple[int, int]) -> Tensor:
    """Weights `(n, height, width, m)` as those of a window `(height - 1) * dilation + 1` high, as wide likewise."""
    data = np.asarray(weights.data)
    outer, height, width, inner = data.shape
    spread = np.zeros(
        (outer, (height - 1) * dilation[0] + 1, (width - 1) * dilation[1] + 1, inner), data.dtype
    )
    spread[:, :: dilation[0], :: dilation[1]] = data
    return replace(weights, shape=spread.shape, data=spread)


def pool_maxima(graph: Graph) -> Graph:
    """The largest value of a whole map (`GlobalMaxPooling2D`) as pooling with a window of the map's size.

    Raises:
        InputError: A maximum is over other axes.
    """
    return Graph(graph.input, graph.output, tuple(map(_as_pool, graph.ops)))


def _as_pool(op: Op) -> Op:
    if op.kind != "REDUCE_MAX":
        return op
    _, height, width, channels = image_shape(op, 0)
    if not is_spatial(op):
        raise InputError(f"{op.label} is not over height and width, the only maximum the firmware can run")
    return Op(
        op.index,
        "MAX_POOL_2D",
        op.inputs[:1],
        replace(op.output, shape=(1, 1, 1, channels)),
        {"window": (height, width), "stride": (1, 1), "padding": "valid", "activation": "none"},
    )
