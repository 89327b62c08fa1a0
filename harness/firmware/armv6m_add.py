"""Constants of an addition on Cortex-M0, proved for every pair of inputs."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import numpy.typing as npt

from harness.firmware.exact import rescale
from harness.firmware.fixedpoint import Rescale

Int64s = npt.NDArray[np.int64]

_HEADROOM, _SHIFT = 20, 21  # of TFLite's common scale; of the kernel's constants


def pack_add(
    _size: int, zero_points: tuple[int, int, int], rescales: tuple[Rescale, Rescale]
) -> list[int] | None:
    """Constants p, q, r of an addition as (a * p + b * q + r) / 2^21, exact for every pair of inputs.

    Args:
        zero_points: Of the first and second operand and of the output.
        rescales: Of the second operand and of the output; the first operand's is a half.

    Returns:
        The constants, or None where no such are found.
    """
    if rescales[1].shift > 0:
        return None
    expected = _sums_of_all_pairs(zero_points, rescales)
    inputs = np.arange(-128, 128, dtype=np.int64)
    second, out = (factor.multiplier * 2.0 ** (factor.shift - 31) for factor in rescales)
    factors = out * 2.0 ** (_HEADROOM - 1), out * second * 2.0**_HEADROOM
    for p, q in _near_factors(*factors):
        products = inputs[:, None] * p + inputs * q
        # Outputs of 0 and 255 stand for all beyond, so only one side bounds r there.
        lowest = np.max(np.where(expected > 0, (expected << _SHIFT) - products, -(1 << 62)))
        highest = np.min(np.where(expected < 255, (expected + 1 << _SHIFT) - 1 - products, 1 << 62))
        r = int(min(max((lowest + highest) // 2, lowest), highest))
        if lowest <= r <= highest and np.abs(products).max() + abs(r) < 1 << 31:
            return [p, q, r]
    return None


def _near_factors(first: float, second: float) -> Iterator[tuple[int, int]]:
    """Whole numbers near 2^21 times two factors, the nearest first, then some that are a little larger.

    Where scales are powers of two apart, sums can be halves, which TFLite rounds away from zero: what is a little
    larger does that on both sides of zero.
    """
    p, q = round(first * (1 << _SHIFT)), round(second * (1 << _SHIFT))
    offsets = range(-3, 4)
    for i, j in sorted(product(offsets, offsets), key=lambda offset: abs(offset[0]) + abs(offset[1])):
        yield p + i, q + j
    for bits in range(19, 13, -1):
        scale = (1 << _SHIFT) * (1 + 2.0**-bits)
        yield round(first * scale), round(second * scale)


def _sums_of_all_pairs(zero_points: tuple[int, int, int], rescales: tuple[Rescale, Rescale]) -> Int64s:
    """Outputs plus 128 of TFLite's addition: `(256, 256)` by first and second operand plus 128."""
    operands = [
        rescale(np.arange(-128, 128, dtype=np.int64) - zero_point << _HEADROOM, [factor])
        for zero_point, factor in zip(zero_points[:2], (Rescale(1 << 30, 0), rescales[0]), strict=True)
    ]
    totals = (operands[0][:, None] + operands[1]).reshape(-1, 1)
    outputs = rescale(totals, [rescales[1]]).reshape(256, 256)
    clamped: Int64s = np.clip(outputs + zero_points[2] + 128, 0, 255)
    return clamped
