"""TFLite Micro's int8 arithmetic in NumPy, written for clarity: the oracle of the kernels.

All tensors are (height, width, channels) unless said otherwise. Accumulators are Python integers or
int64, so nothing here can overflow unnoticed.
"""

from fractions import Fraction

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def high_mul(a: int, b: int) -> int:
    """Saturating rounding doubling high multiply: round(a * b / 2^31), nudged as gemmlowp does."""
    product = a * b
    nudge = (1 << 30) if product >= 0 else 1 - (1 << 30)
    total = product + nudge
    return total // (1 << 31) if total >= 0 else -((-total) // (1 << 31))


def divide_by_power(x: int, exponent: int) -> int:
    """x / 2^exponent, halves away from zero."""
    value = Fraction(abs(x), 1 << exponent)
    rounded = int(value + Fraction(1, 2))
    return rounded if x >= 0 else -rounded


def rescale(x: int, multiplier: int, shift: int) -> int:
    """The double rounding of MultiplyByQuantizedMultiplier."""
    return divide_by_power(high_mul(x << max(shift, 0), multiplier), max(-shift, 0))


def clamp(x: int, low: int, high: int) -> int:
    return max(low, min(high, x))


def conv(x, weights, bias, rescales, *, x_zero, out_zero, act, stride, pad, out_shape):
    """x (h, w, c), weights (o, kh, kw, c), unfolded bias (o,), rescales [(multiplier, shift)] * o."""
    channels, kernel_h, kernel_w, _ = weights.shape
    out = np.zeros((*out_shape, channels), np.int64)
    for oy in range(out_shape[0]):
        for ox in range(out_shape[1]):
            for o in range(channels):
                total = int(bias[o])
                for ky in range(kernel_h):
                    for kx in range(kernel_w):
                        y, col = oy * stride[0] - pad[0] + ky, ox * stride[1] - pad[1] + kx
                        if 0 <= y < x.shape[0] and 0 <= col < x.shape[1]:
                            taps = x[y, col].astype(np.int64) - x_zero
                            total += int((taps * weights[o, ky, kx].astype(np.int64)).sum())
                out[oy, ox, o] = clamp(rescale(total, *rescales[o]) + out_zero, *act)
    return out.astype(np.int8)


def depthwise(x, weights, bias, rescales, *, multiplier, x_zero, out_zero, act, stride, pad, out_shape):
    """weights (kh, kw, c * multiplier): a convolution of each channel on its own."""
    channels = weights.shape[2]
    out = np.zeros((*out_shape, channels), np.int8)
    for o in range(channels):
        single = conv(
            x[:, :, o // multiplier : o // multiplier + 1],
            weights[None, :, :, o : o + 1],
            bias[o : o + 1],
            rescales[o : o + 1],
            x_zero=x_zero,
            out_zero=out_zero,
            act=act,
            stride=stride,
            pad=pad,
            out_shape=out_shape,
        )
        out[:, :, o] = single[:, :, 0]
    return out


def average_pool(x, *, window, stride, pad, out_shape, act):
    out = np.zeros((*out_shape, x.shape[2]), np.int8)
    for oy in range(out_shape[0]):
        for ox in range(out_shape[1]):
            piece = _window(x, oy, ox, window, stride, pad)
            count = piece.shape[0] * piece.shape[1]
            for c in range(x.shape[2]):
                mean = Fraction(int(piece[:, :, c].astype(np.int64).sum()), count)
                rounded = int(abs(mean) + Fraction(1, 2)) * (1 if mean > 0 else -1)
                out[oy, ox, c] = clamp(rounded, *act)
    return out


def max_pool(x, *, window, stride, pad, out_shape, act):
    out = np.zeros((*out_shape, x.shape[2]), np.int8)
    for oy in range(out_shape[0]):
        for ox in range(out_shape[1]):
            out[oy, ox] = np.clip(_window(x, oy, ox, window, stride, pad).max(axis=(0, 1)), *act)
    return out


def _window(x, oy, ox, window, stride, pad):
    top, left = oy * stride[0] - pad[0], ox * stride[1] - pad[1]
    return x[max(top, 0) : top + window[0], max(left, 0) : left + window[1]]


def mean(x, *, x_zero, out_zero, multiplier, shift):
    """Mean over height and width; the rescale holds 1 / (h * w)."""
    sums = x.astype(np.int64).sum(axis=(0, 1)) - x_zero * x.shape[0] * x.shape[1]
    return np.array([clamp(rescale(int(s), multiplier, shift) + out_zero, -128, 127) for s in sums], np.int8)


def add(a, b, *, a_zero, b_zero, out_zero, a_by, b_by, out_by, act):
    """Flat arrays; a_by, b_by, out_by are (multiplier, shift)."""
    out = [
        clamp(
            rescale(
                rescale((int(x) - a_zero) << 20, *a_by) + rescale((int(y) - b_zero) << 20, *b_by), *out_by
            )
            + out_zero,
            *act,
        )
        for x, y in zip(a, b, strict=True)
    ]
    return np.array(out, np.int8)


def softmax_close(x, scale: float) -> npt.NDArray[np.float64]:
    """Real softmax in units of 1/256 less 128; the fixed-point one may differ by rounding only."""
    z = (x.astype(np.float64) - x.max()) * scale
    e = np.exp(z)
    return e / e.sum() * 256 - 128
