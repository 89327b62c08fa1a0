"""Values of activations that do not depend on the sample, computed as the firmware would.

They come from output channels without weights and spread through whatever reads nothing else.
"""

from collections.abc import Callable
from typing import get_args

import numpy as np
import numpy.typing as npt

from harness.firmware.axes import is_spatial, joins_channels
from harness.firmware.elementwise import leaky_relu
from harness.firmware.exact import INT32_MAX, INT32_MIN, UNKNOWN, Ints, rescale, to_int8, windows
from harness.firmware.fixedpoint import activation_range, mean_rescale, rescale_from_real
from harness.firmware.graph import Activation, Graph, Op, Tensor
from harness.firmware.shapes import geometry_of, image_shape
from harness.firmware.weighted import bias_of, mixing_of, rescales_of, weights_of


def known_values(graph: Graph) -> dict[int, Ints]:
    """Activations of which something is known, by tensor number.

    Returns:
        int64 of the tensor's shape: the int8 value, or `UNKNOWN`.

    Raises:
        InputError: A convolution has a form that the firmware cannot run.
    """
    values: dict[int, Ints] = {}
    for op in graph.ops:
        result = _result(op, values)
        if result is not None and (result != UNKNOWN).any():
            values[op.output.index] = result.reshape(op.output.shape)
    return values


def known_channels(values: Ints) -> npt.NDArray[np.bool_]:
    """Which channels (last axis) are known at every position: bool `(channels,)`."""
    result: npt.NDArray[np.bool_] = (values != UNKNOWN).reshape(-1, values.shape[-1]).all(axis=0)
    return result


def unknown(shape: tuple[int, ...]) -> Ints:
    """An activation of which nothing is known."""
    return np.full(shape, UNKNOWN, np.int64)


def _result(op: Op, values: dict[int, Ints]) -> Ints | None:
    sources = [tensor for tensor in op.inputs if tensor is not None and tensor.data is None]
    if not sources or op.kind not in _RULES or any(t.dtype != "int8" for t in (*sources, op.output)):
        return None
    if op.options.get("activation", "none") not in get_args(Activation):
        return None
    if op.kind not in _WEIGHTED and not any(tensor.index in values for tensor in sources):
        return None
    return _RULES[op.kind](op, *(values.get(tensor.index, unknown(tensor.shape)) for tensor in sources))


def _mixing(op: Op, x: Ints) -> Ints | None:
    """An output is known where all inputs that it has weights for are."""
    mixing = mixing_of(op)
    if mixing is None:
        return None
    known = known_channels(x)
    used = (mixing.weights != 0).any(axis=1)
    outputs = ~used[:, ~known].any(axis=1)
    out = unknown(op.output.shape)
    if outputs.any():
        taps = mixing.taps(x[..., known])
        columns = mixing.weights[outputs][:, :, known].astype(np.int64)
        totals = (
            taps.reshape(len(taps), taps.shape[1] * taps.shape[2])
            @ columns.reshape(len(columns), taps.shape[1] * taps.shape[2]).T
        )
        out[..., outputs] = _finish(op, totals, outputs).reshape(*op.output.shape[:-1], len(columns))
    return out


def _depthwise(op: Op, x: Ints) -> Ints | None:
    weights = weights_of(op)
    if weights is None or weights.shape[3] % x.shape[-1]:
        return None
    multiplier = weights.shape[3] // x.shape[-1]
    outputs = np.repeat(known_channels(x), multiplier) | ~weights.any(axis=(0, 1, 2))
    out = unknown(op.output.shape)
    if outputs.any():
        centred = np.repeat(x[0] - op.tensor(0).zero_point, multiplier, axis=-1)[..., outputs]
        taps = windows(centred, geometry_of(op, weights.shape[1:3]), 0)
        totals = (taps * weights[0][..., outputs].astype(np.int64)).sum(axis=(2, 3))
        out[..., outputs] = _finish(op, totals, outputs)
    return out


def _finish(op: Op, totals: Ints, outputs: npt.NDArray[np.bool_]) -> Ints:
    """int8 values of the accumulators `(..., n)` of the n chosen output channels."""
    totals = totals + bias_of(op)[outputs]
    legal = (totals >= INT32_MIN) & (totals <= INT32_MAX)
    factors = [factor for factor, chosen in zip(rescales_of(op), outputs, strict=True) if chosen]
    scaled = np.where(legal, rescale(np.where(legal, totals, 0), factors), UNKNOWN)
    return to_int8(scaled, op.output.zero_point, *_range(op))


def _range(op: Op) -> tuple[int, int]:
    return activation_range(str(op.options.get("activation", "none")), op.output.scale, op.output.zero_point)


def _pool(op: Op, x: Ints) -> Ints:
    window = op.options["window"]
    assert isinstance(window, tuple)
    geometry = geometry_of(op, (window[0], window[1]))
    known = known_channels(x)
    if op.kind == "MAX_POOL_2D":
        best = windows(x[0], geometry, -UNKNOWN).max(axis=(2, 3))
    else:
        counts = windows(np.ones_like(x[0]), geometry, 0).sum(axis=(2, 3))
        sums = windows(x[0], geometry, 0).sum(axis=(2, 3))
        best = np.sign(sums) * ((2 * np.abs(sums) + counts) // (2 * counts))
    result: Ints = np.where(known, np.clip(best, *_range(op)), UNKNOWN)
    return result


def _mean(op: Op, x: Ints) -> Ints | None:
    if not is_spatial(op):
        return None
    _, height, width, _ = image_shape(op, 0)
    source = op.tensor(0)
    factor = mean_rescale(source.scale / op.output.scale, height * width)
    sums = (x[0] - source.zero_point).sum(axis=(0, 1))
    scaled = to_int8(rescale(sums, [factor]), op.output.zero_point, -128, 127)
    result: Ints = np.where(known_channels(x), scaled, UNKNOWN)
    return result


def _add(op: Op, *inputs: Ints) -> Ints | None:
    if len(inputs) != 2 or inputs[0].shape != inputs[1].shape:
        return None
    tensors = (op.tensor(0), op.tensor(1))
    twice_larger = 2.0 * max(tensor.scale for tensor in tensors)
    total = sum(
        rescale((x - tensor.zero_point) << 20, [rescale_from_real(tensor.scale / twice_larger)])
        for x, tensor in zip(inputs, tensors, strict=True)
    )
    factor = rescale_from_real(twice_larger / ((1 << 20) * op.output.scale))
    scaled = to_int8(rescale(np.asarray(total), [factor]), op.output.zero_point, *_range(op))
    known = (inputs[0] != UNKNOWN) & (inputs[1] != UNKNOWN)
    result: Ints = np.where(known, scaled, UNKNOWN)
    return result


def _pad(op: Op, x: Ints) -> Ints | None:
    paddings = op.tensor(1).data
    if paddings is None:
        return None
    widths = [(int(before), int(after)) for before, after in np.asarray(paddings)]
    return np.pad(x, widths, constant_values=op.output.zero_point)


def _quantize(op: Op, x: Ints) -> Ints:
    source: Tensor = op.tensor(0)
    factor = rescale_from_real(source.scale / op.output.scale)
    scaled = to_int8(rescale(x - source.zero_point, [factor]), op.output.zero_point, -128, 127)
    result: Ints = np.where(x == UNKNOWN, UNKNOWN, scaled)
    return result


def _leaky_relu(op: Op, x: Ints) -> Ints:
    result: Ints = np.where(x == UNKNOWN, UNKNOWN, leaky_relu(op, np.where(x == UNKNOWN, 0, x)))
    return result


def _concatenation(op: Op, *inputs: Ints) -> Ints | None:
    return np.concatenate(inputs, axis=-1) if joins_channels(op) else None


def _reshape(op: Op, x: Ints) -> Ints:
    return x


_WEIGHTED = ("CONV_2D", "FULLY_CONNECTED", "DEPTHWISE_CONV_2D")
_RULES: dict[str, Callable[..., Ints | None]] = {
    "CONV_2D": _mixing,
    "FULLY_CONNECTED": _mixing,
    "DEPTHWISE_CONV_2D": _depthwise,
    "AVERAGE_POOL_2D": _pool,
    "MAX_POOL_2D": _pool,
    "MEAN": _mean,
    "ADD": _add,
    "PAD": _pad,
    "QUANTIZE": _quantize,
    "LEAKY_RELU": _leaky_relu,
    "CONCATENATION": _concatenation,
    "RESHAPE": _reshape,
}
