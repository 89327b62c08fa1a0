"""Constants for the Cortex-M4 kernels, whose assembly describes the layout and why it is exact."""

import numpy as np
import numpy.typing as npt

from harness.firmware.constant_outputs import simplify_constant_outputs
from harness.firmware.fixedpoint import Rescale
from harness.firmware.packed import Int8s, Int32s, Packed, largest_sum, pad_depth, rescale_columns
from harness.firmware.pooling import can_pool as can_pool
from harness.firmware.shapes import Geometry

NAME = "armv7em"
HALF = Rescale(1 << 30, 0)
_SUM_LIMIT = 1 << 23  # of the sums that lie above 8 bits of their neighbour's
_TRANSPOSED = 1
_BAND_LINES = 16  # of a plane; larger ones gain less than 2 % for their memory


def pack_product(weights: Int8s, bias: Int32s, rescales: list[Rescale], out_zero_point: int) -> Packed | None:
    """Blocks of four, then two output channels; None if the kernel cannot run these values exactly.

    Args:
        weights: `(outputs, window rows, inputs of a row)`.
        bias: `(outputs,)`, zero point folded in.
        rescales: One for each output.
        out_zero_point: Zero point of the outputs.
    """
    weights = pad_depth(_by_whole_words(weights))
    weights, bias, rescales = simplify_constant_outputs(weights, bias, rescales, out_zero_point)
    scaling = _scaling(rescales)
    if scaling is None or np.any(largest_sum(weights, bias) >= _SUM_LIMIT):
        return None
    multipliers, powers = scaling
    odd = len(bias) % 2
    lanes = np.pad(weights, ((0, odd), (0, 0))).astype(np.int32)
    pairs = lanes[0::2] + 256 * lanes[1::2]
    if pairs.min() < -(1 << 15):  # -128 beside a negative weight
        return None
    # Each four inputs in the order 0 2 1 3, as one SXTB16 takes elements 0 and 2 of a word.
    pairs = pairs.reshape(len(pairs), -1, 2, 2).swapaxes(2, 3).reshape(len(pairs), -1, 2)
    fours = len(bias) // 4
    blocks = [pairs[2 * i : 2 * i + 2].transpose(1, 0, 2) for i in range(fours)]
    blocks += list(pairs[2 * fours :])
    packed = np.concatenate([block.reshape(-1) for block in blocks]).astype(np.int16)
    return Packed(
        NAME,
        packed,
        _stream(bias, multipliers, powers),
        None,
        None,
        scratch_bytes=2 * weights.shape[1],
    )


def pack_dense(weights: Int8s, bias: Int32s, rescales: list[Rescale], out_zero_point: int) -> Packed | None:
    """The same for a dense layer, weights `(outputs, inputs)`."""
    return pack_product(weights[:, None, :], bias, rescales, out_zero_point)


def _by_whole_words(weights: Int8s) -> Int8s:
    """`(outputs, inputs)` in the order of a column: whole fours of each row, then what is left of each."""
    whole = weights.shape[2] // 4 * 4 if weights.shape[1] > 1 else weights.shape[2]
    flat = [part.reshape(len(weights), -1) for part in (weights[:, :, :whole], weights[:, :, whole:])]
    return np.concatenate(flat, axis=1)


def _stream(bias: Int32s, multipliers: Int32s, powers: npt.NDArray[np.int64]) -> Int32s:
    """Biases, multipliers and exponents by blocks of four channels, then two (an absent second is zero)."""
    parts = []
    at = 0
    while at < len(bias):
        width = 4 if len(bias) - at >= 4 else 2
        block = slice(at, at + width)
        fill = width - len(bias[block])
        exponents = np.zeros(4, np.int8)
        exponents[: width - fill] = powers[block]
        parts += [
            _joined(np.pad(bias[block], (0, fill))),
            np.pad(multipliers[block], (0, fill)),
            exponents.view(np.int32),
        ]
        at += width
    return np.concatenate(parts).astype(np.int32)


def _joined(bias: Int32s) -> Int32s:
    """Biases of pairs of channels (a, b) as their sums begin: (a, a + 256 * b) modulo 2^32."""
    joined = bias.astype(np.int64)
    joined[1::2] = joined[0::2] + 256 * joined[1::2]
    return joined.astype(np.int32)


def pack_depthwise(
    weights: Int8s, bias: Int32s, rescales: list[Rescale], out_zero_point: int, geometry: Geometry
) -> Packed | None:
    """Weights `(channels, 9)` of a 3x3 window with stride 1 or 2; None for what the kernel does not cover."""
    weights, bias, rescales = simplify_constant_outputs(weights, bias, rescales, out_zero_point)
    scaling = _scaling(rescales)
    square = (geometry.window_h, geometry.window_w) == (3, 3) and geometry.stride_h == geometry.stride_w
    if scaling is None or not square or geometry.stride_h > 2 or max(geometry.pad_left, geometry.pad_top) > 1:
        return None
    if np.any(largest_sum(weights, bias) >= 1 << 31):
        return None
    multipliers, powers = scaling
    transposed = _is_transposed(geometry)
    band = _band_lines(geometry)
    length = geometry.out_h if transposed else geometry.out_w
    pairs = (-(-length // 2) if geometry.stride_h == 1 else length) + 1
    if transposed:
        weights = np.ascontiguousarray(weights.reshape(-1, 3, 3).swapaxes(1, 2).reshape(-1, 9))
    return Packed(
        NAME,
        weights,
        bias,
        multipliers,
        powers.astype(np.int8),
        flags=band << 1 | (_TRANSPOSED if transposed else 0),
        scratch_bytes=4 * pairs * band + 4 * (length + 1),
    )


def _band_lines(geometry: Geometry) -> int:
    """Lines of the padded image that the plane holds: all, or as many as are worth their memory."""
    lines = geometry.out_w if _is_transposed(geometry) else geometry.out_h
    stride = geometry.stride_h
    return min((lines - 1) * stride + 3, _BAND_LINES - (_BAND_LINES - 3) % stride)


def _is_transposed(geometry: Geometry) -> bool:
    """Whether columns serve as lines: when they are longer, and writing them in place stays safe."""
    same_size = (geometry.in_h, geometry.in_w) == (geometry.out_h, geometry.out_w)
    return same_size and geometry.stride_h == 1 and geometry.in_h > geometry.in_w


def _scaling(rescales: list[Rescale]) -> tuple[Int32s, npt.NDArray[np.int64]] | None:
    """2m - 2^32 and 32 - s; None where a multiplier is 0 or a right shift below 2."""
    multipliers, shifts = rescale_columns(rescales)
    if np.any(multipliers < 1 << 30) or np.any(shifts < 2):
        return None
    doubled = 2 * multipliers.astype(np.int64) - (1 << 32)
    return doubled.astype(np.int32), 32 - shifts


def pack_add(
    size: int, zero_points: tuple[int, int, int], rescales: tuple[Rescale, Rescale]
) -> list[int] | None:
    """Constants of an addition whose first operand has the larger scale; None if the kernel cannot run it.

    Args:
        size: Elements.
        zero_points: Of the first and second operand and of the output.
        rescales: Of the second operand and of the output.
    """
    second, out = rescales
    scaling = _scaling([out])
    if size % 2 or scaling is None or second.multiplier < 1 << 30:
        return None
    if second == HALF:
        second = Rescale(1 << 31, -1)  # the same, with the shift that the kernel needs
    if second.shift > -1:
        return None
    multipliers, powers = scaling
    return [
        -zero_points[0] << 19,
        -zero_points[1] << 20,
        2 * second.multiplier - (1 << 32),
        -(1 << (32 + second.shift)),
        int(multipliers[0]),
        1 << int(powers[0]),
        zero_points[2],
    ]
