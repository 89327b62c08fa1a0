"""Constants of an addition on Cortex-M0, proved for every pair of inputs."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import numpy.typing as npt

from harness.firmware.exact import rescale
from harness.firmware.fixedpoint import Rescale

Int64s = npt.NDArray[np.int64]

_HEADROOM = 20  # of TFLite's common scale
_SHIFTS = (23, 22, 21)  # of the kernel's constants


def pack_add(
    _size: int, zero_points: tuple[int, int, int], rescales: tuple[Rescale, Rescale]
) -> list[int] | None:
    """Constants p, q, r, s of an addition as (a * p + b * q + r) / 2^s, exact for every pair of inputs.

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
    for p, q, shift in _near_factors(*rescales):
        products = inputs[:, None] * p + inputs * q
        # Outputs of 0 and 255 stand for all beyond, so only one side bounds r there.
        lowest = np.max(np.where(expected > 0, (expected << shift) - products, -(1 << 62)))
        highest = np.min(np.where(expected < 255, (expected + 1 << shift) - 1 - products, 1 << 62))
        r = int(min(max((lowest + highest) // 2, lowest), highest))
        if lowest <= r <= highest and np.abs(products).max() + abs(r) < 1 << 31:
            return [p, q, r, shift]
    return None


def _near_factors(second: Rescale, out: Rescale) -> Iterator[tuple[int, int, int]]:
    """Factors of both operands times 2^shift, and the shift: the finest first, then some a little larger.

    Where scales are powers of two apart, sums can be halves, which TFLite rounds away from zero: what is a little
    larger does that on both sides of zero.
    """
    factor = out.multiplier * 2.0 ** (out.shift - 31 + _HEADROOM)
    factors = factor / 2, factor * second.multiplier * 2.0 ** (second.shift - 31)
    offsets = range(-2, 3)
    near = sorted(product(offsets, offsets), key=lambda offset: abs(offset[0]) + abs(offset[1]))
    for shift in _SHIFTS:
        p, q = (round(value * (1 << shift)) for value in factors)
        if 256 * (p + q) < 1 << 31:
            yield from ((p + i, q + j, shift) for i, j in near)
    for bits in range(19, 13, -1):
        p, q = (round(value * (1 + 2.0**-bits) * (1 << _SHIFTS[-1])) for value in factors)
        yield p, q, _SHIFTS[-1]


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
