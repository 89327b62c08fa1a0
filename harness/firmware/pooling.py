"""Which averages the kernels of both cores run."""

from harness.firmware.shapes import Geometry


def can_pool(geometry: Geometry, channels: int) -> bool:
    """Whether the average is over a whole image, by fours of channels."""
    image = (geometry.in_h, geometry.in_w)
    is_whole = image == (geometry.window_h, geometry.window_w) and (geometry.out_h, geometry.out_w) == (1, 1)
    return is_whole and not geometry.pad_top and not geometry.pad_left and channels % 4 == 0
