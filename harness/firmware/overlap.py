"""How far a layer's output may lie over its input: the kernels read ahead of what they write."""

from dataclasses import dataclass

import numpy as np

from harness.firmware.shapes import Geometry


@dataclass(frozen=True)
class Overlap:
    """Offsets, output address less input address in bytes, at which the two may share memory.

    Attributes:
        lowest: Smallest one, or None for no limit.
        highest: Largest one, or None for no limit.
    """

    lowest: int | None
    highest: int | None

    def allows(self, offset: int) -> bool:
        """Whether the output may lie `offset` bytes after the input."""
        return (self.lowest is None or offset >= self.lowest) and (
            self.highest is None or offset <= self.highest
        )


IN_PLACE = Overlap(0, 0)


def forward_overlap(geometry: Geometry, in_channels: int, out_channels: int) -> Overlap:
    """Of a convolution that goes from the first output pixel to the last, alone or in pairs.

    A pixel's inputs are read before its outputs and those of later ones are written, so what has been
    written before a pixel must end before the first input that it or any later pixel reads.
    """
    first = _first_read(geometry) * in_channels
    still_read = np.minimum.accumulate(first[::-1])[::-1]
    written = np.arange(len(first)) * out_channels
    if len(first) == 1:
        return Overlap(None, None)
    return Overlap(None, int((still_read[1:] - written[1:]).min()))


def backward_overlap(geometry: Geometry, in_channels: int, out_channels: int) -> Overlap:
    """Of a 1x1 convolution with stride 1 that goes from the last pair of pixels to the first."""
    starts = np.arange(geometry.out_h * geometry.out_w - 2, 0, -2)
    return Overlap(int((starts * (in_channels - out_channels)).max(initial=-out_channels)), None)


def _first_read(geometry: Geometry) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Number of the first input pixel that each output pixel reads."""
    tops = (np.arange(geometry.out_h) * geometry.stride_h - geometry.pad_top).clip(0, geometry.in_h - 1)
    lefts = (np.arange(geometry.out_w) * geometry.stride_w - geometry.pad_left).clip(0, geometry.in_w - 1)
    return np.asarray((tops[:, None] * geometry.in_w + lefts[None, :]).reshape(-1), np.int64)
