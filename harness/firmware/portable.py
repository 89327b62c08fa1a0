"""Constants for the kernels in plain C, which run on the host and take any weights and rescales."""

import numpy as np

from harness.firmware.fixedpoint import Rescale
from harness.firmware.packed import Int8s, Int32s, Packed, pad_depth, rescale_columns


def pack_product(weights: Int8s, bias: Int32s, rescales: list[Rescale]) -> Packed:
    """Weights `(outputs, window rows, inputs of a row)`, folded biases and rescales, as they are."""
    return _packed(pad_depth(weights.reshape(len(weights), -1)), bias, rescales)


def pack_depthwise(weights: Int8s, bias: Int32s, rescales: list[Rescale]) -> Packed:
    """Weights `(channels, window_h * window_w)`, as they are."""
    return _packed(weights, bias, rescales)


def _packed(weights: Int8s, bias: Int32s, rescales: list[Rescale]) -> Packed:
    multipliers, shifts = rescale_columns(rescales)
    return Packed("portable", weights, bias, multipliers, (-shifts).astype(np.int8))
