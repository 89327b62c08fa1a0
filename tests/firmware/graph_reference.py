"""Runs a whole graph with the integer reference, operator by operator."""

import numpy as np

from harness.firmware.fixedpoint import activation_range, mean_rescale, rescale_from_real
from harness.firmware.graph import Graph, Op
from tests.firmware import integer_reference as reference


def run(graph: Graph, sample: np.ndarray) -> np.ndarray:
    """Output of one int8 sample of the input's shape."""
    return activations(graph, sample)[graph.output.index]


def activations(graph: Graph, sample: np.ndarray) -> dict[int, np.ndarray]:
    """All activations of one int8 sample, by tensor number."""
    values = {graph.input.index: sample}
    for op in graph.ops:
        inputs = [values[t.index] for t in op.inputs if t is not None and t.data is None]
        values[op.output.index] = _run(op, *inputs).reshape(op.output.shape)
    return values


def _pair(factor: float) -> tuple[int, int]:
    scaled = rescale_from_real(factor)
    return scaled.multiplier, scaled.shift


def _act(op: Op) -> tuple[int, int]:
    return activation_range(str(op.options.get("activation", "none")), op.output.scale, op.output.zero_point)


def _window(op: Op, window: tuple[int, int]) -> dict:
    (in_h, in_w), (out_h, out_w), stride = op.tensor(0).shape[1:3], op.output.shape[1:3], op.options["stride"]
    pad = (0, 0)
    if op.options["padding"] == "same":
        pad = (
            max((out_h - 1) * stride[0] + window[0] - in_h, 0) // 2,
            max((out_w - 1) * stride[1] + window[1] - in_w, 0) // 2,
        )
    return {"stride": stride, "pad": pad, "out_shape": (out_h, out_w), "act": _act(op)}


def _run(op: Op, x: np.ndarray, other: np.ndarray | None = None) -> np.ndarray:
    source, target = op.tensor(0), op.output
    if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        return _weighted(op, x)
    if op.kind == "RESHAPE":
        return x
    if op.kind == "PAD":
        return np.pad(x, op.tensor(1).data, constant_values=target.zero_point)
    if op.kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        pool = reference.average_pool if op.kind == "AVERAGE_POOL_2D" else reference.max_pool
        window = op.options["window"]
        return pool(x[0], window=window, **_window(op, window))
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
    assert op.kind == "ADD"
    a, b = source, op.tensor(1)
    twice = 2.0 * max(a.scale, b.scale)
    return reference.add(
        x.reshape(-1),
        (x if other is None else other).reshape(-1),
        a_zero=a.zero_point,
        b_zero=b.zero_point,
        out_zero=target.zero_point,
        a_by=_pair(a.scale / twice),
        b_by=_pair(b.scale / twice),
        out_by=_pair(twice / ((1 << 20) * target.scale)),
        act=_act(op),
    )


def _weighted(op: Op, x: np.ndarray) -> np.ndarray:
    weights, source, target = np.asarray(op.tensor(1).data), op.tensor(0), op.output
    channels = target.shape[-1]
    scales = np.broadcast_to(op.tensor(1).scales, channels)
    rescales = [_pair(source.scale * float(scale) / target.scale) for scale in scales]
    bias = np.zeros(channels, np.int64)
    if len(op.inputs) > 2 and op.inputs[2] is not None:
        bias = np.asarray(op.tensor(2).data)
    common = {"x_zero": source.zero_point, "out_zero": target.zero_point}
    if op.kind == "FULLY_CONNECTED":
        if op.tensor(1).scales.size == 1:
            rescales = [_pair(float(source.scales[0] * op.tensor(1).scales[0]) / target.scale)] * channels
        geometry = {"stride": (1, 1), "pad": (0, 0), "out_shape": (1, 1), "act": _act(op)}
        return reference.conv(
            x.reshape(1, 1, -1), weights[:, None, None], bias, rescales, **common, **geometry
        )
    geometry = _window(op, weights.shape[1:3])
    if op.kind == "CONV_2D":
        return reference.conv(x[0], weights, bias, rescales, **common, **geometry)
    multiplier = channels // x.shape[3]
    return reference.depthwise(x[0], weights[0], bias, rescales, multiplier=multiplier, **common, **geometry)
