"""TFLite Micro's int8 arithmetic on NumPy arrays, for passes that compute what the firmware would."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from harness.firmware.fixedpoint import Rescale
from harness.firmware.shapes import Geometry

Ints = npt.NDArray[np.int64]

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1
UNKNOWN = 1 << 40  # outside int32: a value that depends on the sample


def rescale(values: Ints, factors: Sequence[Rescale]) -> Ints:
    """Accumulators times their factors, with the double rounding of the kernels.

    Args:
        values: int64 `(..., n)`, in int32's range.
        factors: One for all or one for each of the n.

    Returns:
        int64 of the same shape; `UNKNOWN` where the left shift leaves int32, which kernels may not do.
    """
    multipliers = np.array([factor.multiplier for factor in factors], np.int64)
    shifts = np.array([factor.shift for factor in factors], np.int64)
    shifted = values << np.maximum(shifts, 0)
    legal = (shifted >= INT32_MIN) & (shifted <= INT32_MAX)
    high = _halves_away(np.where(legal, shifted, 0) * multipliers, np.int64(31), halves_down=True)
    result: Ints = np.where(legal, _halves_away(high, np.maximum(-shifts, 0)), UNKNOWN)
    return result


def _halves_away(values: Ints, exponents: Ints | np.int64, *, halves_down: bool = False) -> Ints:
    """Values over 2^exponent, rounded; halves away from zero, or below zero towards it (`halves_down`).

    The high multiply adds 1 - 2^30 to negative products and truncates, so a negative half loses its unit.
    """
    half = np.where(exponents > 0, np.int64(1) << np.maximum(exponents - 1, 0), 0)
    below = half - (1 if halves_down else 0)
    rounded: Ints = np.where(values >= 0, (values + half) >> exponents, -((-values + below) >> exponents))
    return rounded


def to_int8(values: Ints, zero_point: int, low: int, high: int) -> Ints:
    """Rescaled values moved to the output's zero point and clamped to its range; `UNKNOWN` stays."""
    clamped: Ints = np.where(values == UNKNOWN, UNKNOWN, np.clip(values + zero_point, low, high))
    return clamped


def windows(image: Ints, geometry: Geometry, fill: int) -> Ints:
    """What each output position sees of `image`.

    Args:
        image: int64 `(height, width, channels)`.
        geometry: Windows, strides and padding.
        fill: Value of taps in the padding.

    Returns:
        int64 `(out height, out width, window height, window width, channels)`.
    """
    rows = _taps(geometry.out_h, geometry.stride_h, geometry.pad_top, geometry.window_h)
    columns = _taps(geometry.out_w, geometry.stride_w, geometry.pad_left, geometry.window_w)
    rows_inside = (rows >= 0) & (rows < geometry.in_h)
    columns_inside = (columns >= 0) & (columns < geometry.in_w)
    inside = rows_inside[:, None, :, None] & columns_inside[None, :, None, :]
    seen = image[
        np.clip(rows, 0, geometry.in_h - 1)[:, None, :, None],
        np.clip(columns, 0, geometry.in_w - 1)[None, :, None, :],
    ]
    result: Ints = np.where(inside[..., None], seen, fill)
    return result


def _taps(outputs: int, stride: int, pad: int, window: int) -> npt.NDArray[np.intp]:
    """Input coordinates `(outputs, window)` along one axis; those outside are padding."""
    return np.arange(outputs)[:, None] * stride - pad + np.arange(window)[None, :]
