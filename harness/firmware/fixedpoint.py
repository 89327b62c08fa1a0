"""Real scale factors as Q31 multipliers and exponents, as TFLite computes them."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rescale:
    """`multiplier` in Q31, 0 or in [2^30, 2^31), times 2 to the power `shift`, in [-31, 30]."""

    multiplier: int
    shift: int

    def as_c(self) -> str:
        """The value as an initialiser of `rescale_t`."""
        return f"{{{self.multiplier}, {self.shift}}}"


def rescale_from_real(factor: float) -> Rescale:
    """The nearest fixed-point form of a real factor, >= 0 (TFLite's QuantizeMultiplier)."""
    if factor == 0:
        return Rescale(0, 0)
    mantissa, shift = math.frexp(factor)
    multiplier = math.floor(mantissa * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return Rescale(0, 0)
    if shift > 30:
        return Rescale((1 << 31) - 1, 30)
    return Rescale(multiplier, shift)


def mean_rescale(factor: float, count: int) -> Rescale:
    """The factor of a mean over `count` elements, 1/count folded in as TFLite does."""
    whole = rescale_from_real(factor)
    shift = min(count.bit_length() - 1, 32, 31 + whole.shift)
    return Rescale((whole.multiplier << shift) // count, whole.shift - shift)


def activation_range(activation: str, scale: float, zero_point: int) -> tuple[int, int]:
    """Lowest and highest int8 output that a fused activation lets through."""

    def quantized(value: float) -> int:
        ratio = float(np.float32(value) / np.float32(scale))
        return zero_point + math.floor(abs(ratio) + 0.5) * (1 if ratio >= 0 else -1)

    low, high = -128, 127
    if activation == "relu":
        low = max(low, quantized(0.0))
    elif activation == "relu6":
        low, high = max(low, quantized(0.0)), min(high, quantized(6.0))
    elif activation == "relu_n1_to_1":
        low, high = max(low, quantized(-1.0)), min(high, quantized(1.0))
    return low, high


@dataclass(frozen=True)
class SoftmaxScaling:
    """Input scaling of the fixed-point softmax: Q31 `multiplier`, `left_shift`, smallest used difference."""

    multiplier: int
    left_shift: int
    diff_min: int


def softmax_scaling(beta: float, input_scale: float) -> SoftmaxScaling:
    """Scaling of differences to Q5.26 (TFLite's PreprocessSoftmaxScaling and CalculateInputRadius)."""
    integer_bits, total_bits = 5, 31
    factor = min(beta * input_scale * (1 << (total_bits - integer_bits)), float((1 << 31) - 1))
    scaling = rescale_from_real(factor)
    radius = ((1 << integer_bits) - 1) * (1 << (total_bits - integer_bits)) / (1 << scaling.shift)
    return SoftmaxScaling(scaling.multiplier, scaling.shift, -math.floor(radius))
