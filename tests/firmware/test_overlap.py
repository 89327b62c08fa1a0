"""Outputs may lie over inputs exactly as far as a kernel's order of reads and writes allows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.firmware.overlap import backward_overlap, forward_overlap
from harness.firmware.shapes import Geometry
from tests.firmware.test_kernels import image_cases


def survives(geometry, in_channels, out_channels, offset, groups):
    """Whether every pixel still finds its inputs when the output begins `offset` bytes after the input.

    Args:
        geometry: Of the convolution.
        in_channels: Bytes of an input pixel.
        out_channels: Bytes of an output pixel.
        offset: Bytes from input to output.
        groups: Output pixels that are read together before any of them is written, in their order.
    """
    margin = abs(offset) + geometry.out_h * geometry.out_w * out_channels
    overwritten = np.zeros(2 * margin + geometry.in_h * geometry.in_w * in_channels, bool)
    for group in groups:
        for pixel in group:
            y, x = divmod(pixel, geometry.out_w)
            for row in range(y * geometry.stride_h - geometry.pad_top, 99)[: geometry.window_h]:
                for column in range(x * geometry.stride_w - geometry.pad_left, 99)[: geometry.window_w]:
                    if 0 <= row < geometry.in_h and 0 <= column < geometry.in_w:
                        at = margin + (row * geometry.in_w + column) * in_channels
                        if overwritten[at : at + in_channels].any():
                            return False
        for pixel in group:
            at = margin + offset + pixel * out_channels
            overwritten[at : at + out_channels] = True
    return True


@settings(max_examples=100, deadline=None)
@given(image_cases(), st.integers(1, 5), st.integers(1, 5))
def test_forward_is_safe_and_not_timid(case, in_channels, out_channels):
    geometry = Geometry(*case["size"], *case["out"], *case["window"], *case["stride"], *case["pad"])
    pixels = range(geometry.out_h * geometry.out_w)
    singly = [[pixel] for pixel in pixels]
    in_pairs = [list(pixels)[at : at + 2] for at in range(0, len(pixels), 2)]
    highest = forward_overlap(geometry, in_channels, out_channels).highest
    if highest is None:
        assert len(pixels) == 1
        return
    for groups in (singly, in_pairs):
        assert survives(geometry, in_channels, out_channels, highest, groups)
        assert survives(geometry, in_channels, out_channels, highest - 3, groups)
    # Rows and columns at the edge that no window reads may allow more, so only plain cases are exact.
    if (geometry.window_h, geometry.window_w, geometry.stride_h, geometry.stride_w) == (1, 1, 1, 1):
        assert not survives(geometry, in_channels, out_channels, highest + 1, singly)


@pytest.mark.parametrize("pixels", [1, 2, 3, 6, 7])
@pytest.mark.parametrize(("in_channels", "out_channels"), [(1, 1), (2, 5), (4, 8), (3, 4)])
def test_backward_is_safe(pixels, in_channels, out_channels):
    geometry = Geometry(1, pixels, 1, pixels, 1, 1, 1, 1, 0, 0)
    lowest = backward_overlap(geometry, in_channels, out_channels).lowest
    groups = [[p for p in (at, at + 1) if p >= 0] for at in range(pixels - 2, -2, -2)]
    for offset in (lowest, 0, 3):
        assert survives(geometry, in_channels, out_channels, offset, groups)
