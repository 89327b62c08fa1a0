"""Constants for the Cortex-M0 kernels, whose assembly describes the layout and why it is exact."""

import numpy as np
import numpy.typing as npt

from harness.firmware.armv6m_add import pack_add as pack_add
from harness.firmware.constant_outputs import simplify_constant_outputs
from harness.firmware.fixedpoint import Rescale
from harness.firmware.packed import Int8s, Int32s, Packed, largest_sum, pad_depth, rescale_columns
from harness.firmware.pooling import can_pool as can_pool
from harness.firmware.shapes import Geometry

NAME = "armv6m"
_NARROW = 1  # in flags: outputs below zero are clamped and sums are small
_NARROW_LIMIT, _WIDE_LIMIT = 1 << 20, 1 << 23  # of sums
_NARROW_EXPONENT, _WIDE_EXPONENT = 22, 24  # k in requantize_macros.h
_STEP = 4  # inputs whose products are summed in half a word
_STEP_WEIGHTS = 255  # their sum of |w|: 255 * 128 fits 16 bits with sign
_ALONE = 64  # in the shift of a channel with a row of the window whose three weights are more than that
_PLANE_BYTES = 2048  # of a depthwise layer's working memory, unless one pair of rows needs more

Int64s = npt.NDArray[np.int64]


def pack_product(weights: Int8s, bias: Int32s, rescales: list[Rescale], out_zero_point: int) -> Packed | None:
    """Two output channels at a time; None if the kernel cannot run these values exactly.

    Args:
        weights: `(outputs, window rows, inputs of a row)`.
        bias: `(outputs,)`, zero point folded in.
        rescales: One for each output.
        out_zero_point: Zero point of the outputs.
    """
    matrix = pad_depth(weights.reshape(len(weights), -1))
    matrix, bias, rescales = simplify_constant_outputs(matrix, bias, rescales, out_zero_point)
    scaling = _scaling(largest_sum(matrix, bias), bias, rescales, out_zero_point)
    if scaling is None:
        return None
    constants, flags = scaling
    odd = len(bias) % 2
    matrix = np.pad(matrix, ((0, odd), (0, 0))).astype(np.int64)
    constants = np.pad(constants, ((0, odd), (0, 0)))
    parts = []
    for channel in range(0, len(matrix), 2):
        pair = matrix[channel : channel + 2].copy()
        corrections = [_limit_steps(row) for row in pair]
        if max(len(entries) for entries in corrections) > 255:
            return None
        counts = len(corrections[0]) | len(corrections[1]) << 8
        halves = np.array([counts, *corrections[0], *corrections[1]], np.uint16)
        # Bytes c0 k0, c1 k0, c1 k1, c0 k1.
        by_two = pair.reshape(2, -1, 2)
        words = np.stack([by_two[0, :, 0], by_two[1, :, 0], by_two[1, :, 1], by_two[0, :, 1]], axis=1)
        parts += [
            words.astype(np.int8).reshape(-1).view(np.int32),
            np.pad(halves, (0, len(halves) % 2)).view(np.int32),
            constants[channel : channel + 2].reshape(-1),
        ]
    return Packed(NAME, np.concatenate(parts), None, None, None, flags=flags)


def pack_dense(weights: Int8s, bias: Int32s, rescales: list[Rescale], out_zero_point: int) -> Packed | None:
    """Four outputs at a time, with one multiplier if they share it; None if the kernel cannot run these values exactly.

    Args:
        weights: `(outputs, inputs)`.
        bias: `(outputs,)`, zero point folded in.
        rescales: One for each output.
        out_zero_point: Zero point of the outputs.
    """
    matrix = pad_depth(weights)
    matrix, bias, rescales = simplify_constant_outputs(matrix, bias, rescales, out_zero_point)
    scaling = _scaling(largest_sum(matrix, bias), bias, rescales, out_zero_point, can_be_narrow=False)
    if scaling is None:
        return None
    constants, flags = scaling
    absent = -len(bias) % 4
    matrix = np.pad(matrix, ((0, absent), (0, 0))).astype(np.int64)
    halves = matrix[0::2] + 256 * matrix[1::2]
    if halves.min() < -(1 << 15):  # -128 beside a negative weight
        return None
    words = (halves[0::2] & 0xFFFF | halves[1::2] << 16).astype(np.int32)
    words = words.reshape(len(words), -1, 4)[:, :, [0, 3, 1, 2]].reshape(len(words), -1)
    shared = constants[:1, 1].copy() if np.all(constants[:, 1] == constants[0, 1]) else None
    if shared is not None:
        constants = constants[:, :1]
    constants = np.pad(constants, ((0, absent), (0, 0))).reshape(len(words), -1)
    stream = np.concatenate([words, constants], axis=1).reshape(-1)
    return Packed(NAME, stream, None, shared, None, flags=flags, scratch_bytes=matrix.shape[1])


def pack_depthwise(
    weights: Int8s, bias: Int32s, rescales: list[Rescale], out_zero_point: int, geometry: Geometry
) -> Packed | None:
    """Weights `(channels, 9)` of a 3x3 window; None for what the kernel does not cover."""
    weights, bias, rescales = simplify_constant_outputs(weights, bias, rescales, out_zero_point)
    sums = largest_sum(weights, bias)
    if (geometry.window_h, geometry.window_w) != (3, 3) or np.any(sums > _NARROW_LIMIT):
        return None
    words = _words(sums, bias, rescales, out_zero_point, _NARROW_EXPONENT)
    if words is None:
        return None
    rows = np.abs(weights.astype(np.int64)).reshape(-1, 3, 3)
    if rows[:, :, :2].sum(axis=2).max() > _STEP_WEIGHTS:
        return None
    alone = np.where(rows.sum(axis=2).max(axis=1) > _STEP_WEIGHTS, _ALONE, 0)
    half = _half_band(geometry)
    return Packed(
        NAME if out_zero_point == -128 else f"{NAME}_signed",
        weights,
        bias,
        np.ascontiguousarray(words[:, 1]),
        (words[:, 0] & 255 | alone).astype(np.int8),
        flags=half << 1 | _NARROW,
        scratch_bytes=_plane_bytes(geometry, half) + _kept_rows(geometry) * geometry.in_w,
    )


def _half_band(geometry: Geometry) -> int:
    """Output rows of each of the two blocks of a band: all at once, or what fits the working memory."""
    whole = -(-geometry.out_h // 2)
    half = whole
    while half > 1 and _plane_bytes(geometry, half) > _PLANE_BYTES:
        half -= 1
    bands = -(-geometry.out_h // (2 * half))
    half = -(-whole // bands)
    for done in range(2 * half, geometry.out_h, 2 * half):
        still_in_place = done * geometry.stride_h - geometry.pad_top + _kept_rows(geometry)
        if done * geometry.out_w > still_in_place * geometry.in_w:
            return whole
    return half


def _kept_rows(geometry: Geometry) -> int:
    """Input rows that two bands share."""
    return max(3 - geometry.stride_h, 0)


def _plane_bytes(geometry: Geometry, half: int) -> int:
    width = (geometry.out_w - 1) * geometry.stride_w + 3
    return 4 * width * ((half - 1) * geometry.stride_h + 3)


def _limit_steps(row: Int64s) -> list[int]:
    """Take from the largest weights of `row`, in place, what is too much for a step.

    Returns:
        What was taken, as the kernel's corrections: inputs since the last one + 256 * weight.
    """
    steps = row.reshape(-1, _STEP)
    taken = np.zeros_like(steps)
    while np.any(excess := np.maximum(np.abs(steps).sum(axis=1) - _STEP_WEIGHTS, 0)):
        for step in np.flatnonzero(excess):
            largest = int(np.argmax(np.abs(steps[step])))
            part = np.sign(steps[step, largest]) * min(abs(steps[step, largest]), excess[step])
            steps[step, largest] -= part
            taken[step, largest] += part
    entries, last = [], 0
    for position in np.flatnonzero(taken.reshape(-1)):
        while position - last > 255:
            entries.append(255)
            last += 255
        entries.append(int(position - last) | (int(taken.reshape(-1)[position]) & 255) << 8)
        last = int(position)
    return entries


def _scaling(
    sums: Int64s, bias: Int32s, rescales: list[Rescale], out_zero_point: int, can_be_narrow: bool = True
) -> tuple[Int32s, int] | None:
    """Words `(outputs, 2)` of the requantisation, and its flags; None where it would not be exact.

    Args:
        sums: Bounds of the accumulators.
        bias: `(outputs,)`.
        rescales: One for each output.
        out_zero_point: Zero point of the outputs.
        can_be_narrow: Whether the kernel has the narrow form.
    """
    narrow = can_be_narrow and out_zero_point == -128 and bool(np.all(sums <= _NARROW_LIMIT))
    exponent = _NARROW_EXPONENT if narrow else _WIDE_EXPONENT
    words = _words(sums, bias, rescales, out_zero_point, exponent)
    return None if words is None else (words, _NARROW if narrow else 0)


def _words(
    sums: Int64s, bias: Int32s, rescales: list[Rescale], out_zero_point: int, exponent: int
) -> Int32s | None:
    """Words of the requantisation whose product with the multiplier is taken over 2^`exponent`; None as above."""
    multipliers, shifts = (values.astype(np.int64) for values in rescale_columns(rescales))
    if np.any(shifts < 1) or np.any(multipliers < 0) or np.any(np.abs(bias.astype(np.int64)) >= _WIDE_LIMIT):
        return None
    powers = shifts + 31 - exponent
    addend = (2 * (out_zero_point + 128) + 1 << powers - 1) + (1 << 30 - exponent)
    product = (sums * multipliers >> exponent) + (1 << 31 - exponent)
    if np.any(sums >= _WIDE_LIMIT) or np.any(powers > 30) or np.any(product + addend >= 1 << 31):
        return None
    words: Int32s = np.stack([bias.astype(np.int64) << 8 | powers, multipliers], axis=1).astype(np.int32)
    return words
