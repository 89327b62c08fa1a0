"""Output channels that are the same for every input, written so that any kernel can run them."""

import numpy as np

from harness.firmware.exact import INT32_MAX, INT32_MIN, UNKNOWN, rescale, to_int8
from harness.firmware.fixedpoint import Rescale
from harness.firmware.packed import Int8s, Int32s

# A right shift that the kernels of every core take.
_EIGHTH = Rescale(1 << 30, -2)


def simplify_constant_outputs(
    weights: Int8s, bias: Int32s, rescales: list[Rescale], out_zero_point: int
) -> tuple[Int8s, Int32s, list[Rescale]]:
    """No weights, a small bias and a plain rescale for each output that no int8 input changes.

    Large biases with tiny factors, which converters write for dead channels, become harmless so.

    Args:
        weights: `(outputs, inputs)`.
        bias: `(outputs,)`, zero point folded in.
        rescales: One for each output.
        out_zero_point: Zero point of the outputs.
    """
    wide, offset = weights.astype(np.int64), bias.astype(np.int64)
    positive, negative = np.maximum(wide, 0).sum(axis=1), np.minimum(wide, 0).sum(axis=1)
    lowest = offset - 128 * positive + 127 * negative
    highest = offset + 127 * positive - 128 * negative
    fits = (lowest >= INT32_MIN) & (highest <= INT32_MAX)
    ends = [
        to_int8(rescale(np.where(fits, sums, 0), rescales), out_zero_point, -128, 127)
        for sums in (lowest, highest)
    ]
    constant = fits & (ends[0] == ends[1]) & (ends[0] != UNKNOWN)
    return (
        np.where(constant[:, None], 0, weights).astype(np.int8),
        np.where(constant, 8 * (ends[0] - out_zero_point), bias).astype(np.int32),
        [_EIGHTH if found else by for found, by in zip(constant, rescales, strict=True)],
    )
