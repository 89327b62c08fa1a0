"""Windows, strides and padding of an operator as the kernels take them."""

from dataclasses import dataclass

from harness.errors import InputError
from harness.firmware.graph import Op


@dataclass(frozen=True)
class Geometry:
    """Heights and widths in elements; `pad_top` and `pad_left` before the first row and column."""

    in_h: int
    in_w: int
    out_h: int
    out_w: int
    window_h: int
    window_w: int
    stride_h: int
    stride_w: int
    pad_top: int
    pad_left: int

    def as_c(self) -> str:
        """The value as an initialiser of `geometry_t`."""
        return "{" + ", ".join(str(value) for value in vars(self).values()) + "}"

    def along_width(self) -> "Geometry":
        """The same for a map one column wide, as it is or as one row: its bytes are in one order, and kernels copy rows."""
        if not self.in_w == self.out_w == self.window_w == 1:
            return self
        return Geometry(1, self.in_h, 1, self.out_h, 1, self.window_h, 1, self.stride_h, 0, self.pad_top)

    @property
    def is_pointwise(self) -> bool:
        """Whether each output pixel depends on the input pixel of the same place only."""
        same_size = (self.in_h, self.in_w) == (self.out_h, self.out_w)
        return same_size and (self.window_h, self.window_w, self.stride_h, self.stride_w) == (1, 1, 1, 1)


def geometry_of(op: Op, window: tuple[int, int]) -> Geometry:
    """Geometry of a convolution or pooling with the given window (height, width).

    Raises:
        InputError: The operator is dilated or not on a four-dimensional tensor of batch 1.
    """
    if op.options.get("dilation", (1, 1)) != (1, 1):
        raise InputError(f"{op.label} is dilated, which the firmware cannot run")
    _, in_h, in_w, _ = image_shape(op, 0)
    _, out_h, out_w, _ = op.output.shape
    stride_h, stride_w = _pair(op.options["stride"])
    explicit = op.options.get("pad")
    if explicit is not None:
        assert isinstance(explicit, tuple)
        pad_top, pad_left = explicit[:2]
    elif op.options["padding"] == "same":
        pad_top = max((out_h - 1) * stride_h + window[0] - in_h, 0) // 2
        pad_left = max((out_w - 1) * stride_w + window[1] - in_w, 0) // 2
    else:
        pad_top = pad_left = 0
    return Geometry(in_h, in_w, out_h, out_w, *window, stride_h, stride_w, pad_top, pad_left)


def image_shape(op: Op, position: int) -> tuple[int, int, int, int]:
    """Shape of input `position`, which must be `(1, height, width, channels)`.

    Raises:
        InputError: It is not.
    """
    shape = op.tensor(position).shape
    if len(shape) != 4 or shape[0] != 1:
        raise InputError(
            f"{op.label} works on a tensor of shape {shape}; (1, height, width, channels) is needed"
        )
    return shape[0], shape[1], shape[2], shape[3]


def _pair(value: object) -> tuple[int, int]:
    assert isinstance(value, tuple)
    return int(value[0]), int(value[1])
