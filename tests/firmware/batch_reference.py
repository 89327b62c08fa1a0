"""Runs a whole graph on many samples at once: the integer reference's arithmetic on whole arrays.

Sums are products of float64 matrices of integers, exact below 2^53. What is not worth it is done sample by sample.
"""

import numpy as np
import numpy.typing as npt

from harness.firmware.graph import Graph, Op
from tests.firmware import graph_reference

_CHUNK = 50  # samples at once, for the memory they take

Ints = npt.NDArray[np.int64]


def run(graph: Graph, samples: np.ndarray) -> np.ndarray:
    """Outputs `(n, ...)` of int8 samples `(n, ...)`."""
    chunks = [samples[at : at + _CHUNK] for at in range(0, len(samples), _CHUNK)]
    return np.concatenate([_run_chunk(graph, chunk) for chunk in chunks])


def _run_chunk(graph: Graph, samples: np.ndarray) -> np.ndarray:
    values = {graph.input.index: samples.reshape(len(samples), *graph.input.shape[1:])}
    for op in graph.ops:
        inputs = [values[t.index] for t in op.inputs if t is not None and t.data is None]
        values[op.output.index] = _run(op, *inputs).reshape(len(samples), *op.output.shape[1:])
    return values[graph.output.index].reshape(len(samples), -1)


def _run(op: Op, *inputs: np.ndarray) -> np.ndarray:
    if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        return _weighted(op, inputs[0])
    if op.kind == "ADD":
        return _add(op, inputs[0], inputs[-1])
    return np.stack(
        [graph_reference.run_op(op, *(x[None] for x in sample)) for sample in zip(*inputs, strict=True)]
    )


def _weighted(op: Op, x: np.ndarray) -> np.ndarray:
    weights = np.asarray(op.tensor(1).data)
    bias, rescales = graph_reference.bias_of(op), graph_reference.rescales_of(op)
    if op.kind == "FULLY_CONNECTED":
        moved = x.reshape(len(x), -1).astype(np.float64) - op.tensor(0).zero_point
        sums = moved @ weights.T.astype(np.float64)
    else:
        sums = _window_sums(op, x, weights)
    return rescaled(
        sums.astype(np.int64) + bias, rescales, op.output.zero_point, graph_reference.activation(op)
    )


def _window_sums(op: Op, x: np.ndarray, weights: np.ndarray) -> npt.NDArray[np.float64]:
    """Sums of a convolution before the bias, one position of the window after the other."""
    geometry = graph_reference.window(op, weights.shape[1:3])
    (pad_top, pad_left), (out_h, out_w) = geometry["pad"], geometry["out_shape"]
    stride_h, stride_w = geometry["stride"]
    below = max((out_h - 1) * stride_h + weights.shape[1] - x.shape[1] - pad_top, 0)
    right = max((out_w - 1) * stride_w + weights.shape[2] - x.shape[2] - pad_left, 0)
    moved = np.pad(
        x.astype(np.float64) - op.tensor(0).zero_point, ((0, 0), (pad_top, below), (pad_left, right), (0, 0))
    )
    sums = np.zeros((len(x), out_h, out_w, op.output.shape[3]))
    for y in range(weights.shape[1]):
        for column in range(weights.shape[2]):
            taps = moved[:, y : y + (out_h - 1) * stride_h + 1 : stride_h]
            taps = taps[:, :, column : column + (out_w - 1) * stride_w + 1 : stride_w]
            if op.kind == "CONV_2D":
                sums += taps @ weights[:, y, column].T.astype(np.float64)
            else:
                copies = op.output.shape[3] // x.shape[3]
                sums += np.repeat(taps, copies, axis=3) * weights[0, y, column].astype(np.float64)
    return sums


def _add(op: Op, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    by_a, by_b, by_out = graph_reference.add_rescales(op)
    parts = [
        scaled((x.astype(np.int64) - tensor.zero_point) << 20, [by])
        for x, tensor, by in ((a, op.tensor(0), by_a), (b, op.tensor(1), by_b))
    ]
    return rescaled(parts[0] + parts[1], [by_out], op.output.zero_point, graph_reference.activation(op))


def rescaled(
    sums: Ints, rescales: list[tuple[int, int]], zero_point: int, act: tuple[int, int]
) -> np.ndarray:
    """int8 outputs of sums `(..., channels)`, with a (multiplier, shift) for each channel or one for all."""
    return np.clip(scaled(sums, rescales) + zero_point, *act).astype(np.int8)


def scaled(x: Ints, rescales: list[tuple[int, int]]) -> Ints:
    """Both roundings of MultiplyByQuantizedMultiplier: halves away from zero, the first one nudged."""
    multipliers, shifts = np.array(rescales, np.int64).T
    products = (x << np.maximum(shifts, 0)) * multipliers
    nudged = products + np.where(products >= 0, 1 << 30, 1 - (1 << 30))
    high = np.sign(nudged) * (np.abs(nudged) >> 31)
    right = np.maximum(-shifts, 0)
    return np.sign(high) * ((np.abs(high) + ((np.int64(1) << right) >> 1)) >> right)
