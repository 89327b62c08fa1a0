"""Which average poolings the kernels of both cores run."""

from harness.firmware.shapes import Geometry


def can_pool(geometry: Geometry, channels: int) -> bool:
    """Whether the average pooling is over a whole image of at most 255 pixels, by fours of channels."""
    image = (geometry.in_h, geometry.in_w)
    is_whole = image == (geometry.window_h, geometry.window_w) and (geometry.out_h, geometry.out_w) == (1, 1)
    return (
        is_whole
        and not geometry.pad_top
        and not geometry.pad_left
        and channels % 4 == 0
        and (geometry.in_h * geometry.in_w <= 255)
    )
