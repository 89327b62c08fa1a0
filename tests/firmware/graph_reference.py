"""Runs a whole graph with the integer reference, operator by operator."""

import numpy as np

from harness.firmware.fixedpoint import activation_range, mean_rescale, rescale_from_real, softmax_scaling
from harness.firmware.graph import Graph, Op
from tests.firmware import integer_reference as reference
from tests.firmware import softmax_reference


def run(graph: Graph, sample: np.ndarray) -> np.ndarray:
    """Output of one int8 sample of the input's shape."""
    return activations(graph, sample)[graph.output.index]


def activations(graph: Graph, sample: np.ndarray) -> dict[int, np.ndarray]:
    """All activations of one int8 sample, by tensor number."""
    values = {graph.input.index: sample}
    for op in graph.ops:
        inputs = [values[t.index] for t in op.inputs if t is not None and t.data is None]
        values[op.output.index] = run_op(op, *inputs).reshape(op.output.shape)
    return values


def _pair(factor: float) -> tuple[int, int]:
    scaled = rescale_from_real(factor)
    return scaled.multiplier, scaled.shift


def activation(op: Op) -> tuple[int, int]:
    """Lowest and highest output of an operator with a fused activation."""
    return activation_range(str(op.options.get("activation", "none")), op.output.scale, op.output.zero_point)


def window(op: Op, size: tuple[int, int]) -> dict:
    """Stride, padding, output size and activation of an operator with a window of `size`."""
    (in_h, in_w), (out_h, out_w), stride = op.tensor(0).shape[1:3], op.output.shape[1:3], op.options["stride"]
    pad = (0, 0)
    if op.options["padding"] == "same":
        pad = (
            max((out_h - 1) * stride[0] + size[0] - in_h, 0) // 2,
            max((out_w - 1) * stride[1] + size[1] - in_w, 0) // 2,
        )
    return {"stride": stride, "pad": pad, "out_shape": (out_h, out_w), "act": activation(op)}


def run_op(op: Op, x: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """Output of one operator on one sample."""
    source, target = op.tensor(0), op.output
    if op.kind == "CONCATENATION":
        return np.concatenate([x, *others], axis=-1)
    if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        return _weighted(op, x)
    if op.kind == "RESHAPE":
        return x
    if op.kind == "PAD":
        return np.pad(x, op.tensor(1).data, constant_values=target.zero_point)
    if op.kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        pool = reference.average_pool if op.kind == "AVERAGE_POOL_2D" else reference.max_pool
        size = op.options["window"]
        return pool(x[0], window=size, **window(op, size))
    if op.kind == "MEAN":
        factor = mean_rescale(source.scale / target.scale, x.shape[1] * x.shape[2])
        return reference.mean(
            x[0],
            x_zero=source.zero_point,
            out_zero=target.zero_point,
            multiplier=factor.multiplier,
            shift=factor.shift,
        )
    if op.kind == "QUANTIZE":
        pair = _pair(source.scale / target.scale)
        moved = [
            reference.clamp(
                reference.rescale(int(v) - source.zero_point, *pair) + target.zero_point, -128, 127
            )
            for v in x.reshape(-1)
        ]
        return np.array(moved, np.int8)
    if op.kind == "LEAKY_RELU":
        ratio, alpha = source.scales[0] / target.scales[0], np.float32(op.options["alpha"])
        above, below = _pair(float(ratio)), _pair(float(source.scales[0] * alpha / target.scales[0]))
        centred = [int(v) - source.zero_point for v in x.reshape(-1)]
        bent = [reference.rescale(v, *(above if v >= 0 else below)) + target.zero_point for v in centred]
        return np.clip(bent, -128, 127).astype(np.int8)
    if op.kind == "SOFTMAX":
        scaling = softmax_scaling(float(op.options["beta"]), source.scale)
        rows = x.reshape(-1, x.shape[-1])
        return np.stack([softmax_reference.softmax(row, **vars(scaling)) for row in rows])
    assert op.kind == "ADD"
    a, b = source, op.tensor(1)
    a_by, b_by, out_by = add_rescales(op)
    return reference.add(
        x.reshape(-1),
        (others[0] if others else x).reshape(-1),
        a_zero=a.zero_point,
        b_zero=b.zero_point,
        out_zero=target.zero_point,
        a_by=a_by,
        b_by=b_by,
        out_by=out_by,
        act=activation(op),
    )


def add_rescales(op: Op) -> tuple[tuple[int, int], ...]:
    """(multiplier, shift) of both operands of an addition and of its output."""
    a, b = op.tensor(0).scale, op.tensor(1).scale
    twice = 2.0 * max(a, b)
    return _pair(a / twice), _pair(b / twice), _pair(twice / ((1 << 20) * op.output.scale))


def rescales_of(op: Op) -> list[tuple[int, int]]:
    """(multiplier, shift) of each output channel of an operator with weights."""
    source, scales, channels = op.tensor(0), op.tensor(1).scales, op.output.shape[-1]
    if op.kind == "FULLY_CONNECTED" and scales.size == 1:
        return [_pair(float(source.scales[0] * scales[0]) / op.output.scale)] * channels
    return [
        _pair(source.scale * float(scale) / op.output.scale) for scale in np.broadcast_to(scales, channels)
    ]


def bias_of(op: Op) -> np.ndarray:
    """int64 bias of each output channel of an operator with weights."""
    if len(op.inputs) > 2 and op.inputs[2] is not None:
        return np.asarray(op.tensor(2).data, np.int64)
    return np.zeros(op.output.shape[-1], np.int64)


def _weighted(op: Op, x: np.ndarray) -> np.ndarray:
    weights, source, target = np.asarray(op.tensor(1).data), op.tensor(0), op.output
    rescales, bias = rescales_of(op), bias_of(op)
    common = {"x_zero": source.zero_point, "out_zero": target.zero_point}
    if op.kind == "FULLY_CONNECTED":
        geometry = {"stride": (1, 1), "pad": (0, 0), "out_shape": (1, 1), "act": activation(op)}
        return reference.conv(
            x.reshape(1, 1, -1), weights[:, None, None], bias, rescales, **common, **geometry
        )
    geometry = window(op, weights.shape[1:3])
    if op.kind == "CONV_2D":
        return reference.conv(x[0], weights, bias, rescales, **common, **geometry)
    multiplier = target.shape[-1] // x.shape[3]
    return reference.depthwise(x[0], weights[0], bias, rescales, multiplier=multiplier, **common, **geometry)
