"""Small windows as those of 3x3 that the cores' kernels run: 3x1 along a sequence, 2x2."""

from dataclasses import replace

import numpy as np

from harness.firmware.packed import Int8s
from harness.firmware.shapes import Geometry


def three_by_three(weights: Int8s, geometry: Geometry) -> tuple[Int8s, Geometry]:
    """The same depthwise convolution with zeros around its weights, up to a window of 3x3; larger ones as they are.

    Args:
        weights: `(window height, window width, channels)`.
        geometry: Of that window.
    """
    if max(weights.shape[:2]) > 3:
        return weights, geometry
    rows, columns = (3 - size for size in weights.shape[:2])
    top, left = rows // 2, columns // 2
    wide = np.pad(weights, ((top, rows - top), (left, columns - left), (0, 0)))
    return wide, replace(
        geometry,
        window_h=geometry.window_h + rows,
        window_w=geometry.window_w + columns,
        pad_top=geometry.pad_top + top,
        pad_left=geometry.pad_left + left,
    )
