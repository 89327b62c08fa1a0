"""Constants of a layer with weights, laid out as one core's kernel reads them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.firmware.fixedpoint import Rescale

Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Packed:
    """What the four pointers of the parameters point to; None for one that the kernel does not use.

    Attributes:
        kernel: Suffix of the kernel's C functions, such as `"armv7em"`.
        weights: Any integer type.
        bias: int32.
        multiplier: int32.
        shift: int8.
        flags: The core's own bits.
        scratch_bytes: Working memory of a dense or depthwise layer.
    """

    kernel: str
    weights: npt.NDArray[np.integer]
    bias: Int32s | None
    multiplier: Int32s | None
    shift: Int8s | None
    flags: int = 0
    scratch_bytes: int = 0


def pad_depth(weights: Int8s) -> Int8s:
    """`(outputs, inputs)` weights with zeros up to a multiple of four inputs."""
    return np.pad(weights, ((0, 0), (0, -weights.shape[1] % 4)))


def largest_sum(weights: Int8s, bias: Int32s) -> npt.NDArray[np.int64]:
    """Bound of each output's accumulator for any int8 inputs; weights `(outputs, inputs)`."""
    sums: npt.NDArray[np.int64] = np.abs(weights.astype(np.int64)).sum(axis=1) * 128
    return sums + np.abs(bias.astype(np.int64))


def rescale_columns(rescales: list[Rescale]) -> tuple[Int32s, npt.NDArray[np.int64]]:
    """Multipliers, and right shifts (negative for left ones)."""
    multipliers = np.array([item.multiplier for item in rescales], np.int32)
    return multipliers, -np.array([item.shift for item in rescales], np.int64)
