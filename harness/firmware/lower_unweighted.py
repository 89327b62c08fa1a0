"""Lowers the operators without weights on one map: pooling, mean, softmax, pad, quantize."""

import numpy as np

from harness.errors import InputError
from harness.firmware.backends import Target
from harness.firmware.fixedpoint import activation_range, mean_rescale, rescale_from_real, softmax_scaling
from harness.firmware.graph import Op
from harness.firmware.layer import Layer, layer_name
from harness.firmware.overlap import IN_PLACE
from harness.firmware.shapes import Geometry, geometry_of, image_shape

_MAX_SOFTMAX_WIDTH = 256  # more classes overflow TFLite's Q12.19 sum of exponentials


def lower_pool(op: Op, target: Target) -> Layer:
    """AVERAGE_POOL_2D and MAX_POOL_2D, which keep scale and zero point."""
    if (op.tensor(0).scale, op.tensor(0).zero_point) != (op.output.scale, op.output.zero_point):
        raise InputError(f"{op.label} changes the quantisation, which the firmware cannot run")
    window = op.options["window"]
    assert isinstance(window, tuple)
    low, high = activation_range(str(op.options["activation"]), op.output.scale, op.output.zero_point)
    geometry = geometry_of(op, (window[0], window[1])).along_width()
    channels = image_shape(op, 0)[3]
    is_average = op.kind == "AVERAGE_POOL_2D"
    return Layer(
        name=layer_name(op),
        kernel=_averaging("average_pool_s8", geometry, channels, target) if is_average else "max_pool_s8",
        params_type="pool_params_t",
        fields={
            "geometry": geometry.as_c(),
            "channels": str(channels),
            "act_min": str(low),
            "act_max": str(high),
        },
        arrays=(),
        inputs=(op.tensor(0),),
        output=op.output,
    )


def _averaging(kernel: str, geometry: Geometry, channels: int, target: Target) -> str:
    """The core's own form of `kernel` where it has one for this shape."""
    if target.backend and target.backend.can_pool(geometry, channels):
        return f"{kernel}_{target.backend.NAME}"
    return kernel


def lower_mean(op: Op, target: Target) -> Layer:
    """MEAN over height and width."""
    _, height, width, channels = image_shape(op, 0)
    axes = op.tensor(1).data
    if axes is None or sorted(int(axis) % 4 for axis in np.atleast_1d(np.asarray(axes))) != [1, 2]:
        raise InputError(f"{op.label} is not over height and width, the only mean the firmware can run")
    factor = op.tensor(0).scale / op.output.scale
    whole = Geometry(height, width, 1, 1, height, width, 1, 1, 0, 0)
    return Layer(
        name=layer_name(op),
        kernel=_averaging("mean_s8", whole, channels, target),
        params_type="mean_params_t",
        fields={
            "positions": str(height * width),
            "channels": str(channels),
            "in_zero_point": str(op.tensor(0).zero_point),
            "out_zero_point": str(op.output.zero_point),
            "rescale": mean_rescale(factor, height * width).as_c(),
        },
        arrays=(),
        inputs=(op.tensor(0),),
        output=op.output,
    )


def lower_softmax(op: Op, _target: Target) -> Layer:
    """SOFTMAX along the last axis, with TFLite's fixed output scale of 1/256."""
    width = op.output.shape[-1]
    if width > _MAX_SOFTMAX_WIDTH:
        raise InputError(f"{op.label} is over {width} classes; at most {_MAX_SOFTMAX_WIDTH} can be run")
    if (op.output.scale, op.output.zero_point) != (1 / 256, -128):
        raise InputError(f"{op.label} has an output scale other than 1/256 with zero point -128")
    scaling = softmax_scaling(float(str(op.options["beta"])), op.tensor(0).scale)
    return Layer(
        name=layer_name(op),
        kernel="softmax_s8",
        params_type="softmax_params_t",
        fields={
            "rows": str(op.output.size // width),
            "width": str(width),
            "multiplier": str(scaling.multiplier),
            "left_shift": str(scaling.left_shift),
            "diff_min": str(scaling.diff_min),
        },
        arrays=(),
        inputs=(op.tensor(0),),
        output=op.output,
    )


def lower_pad(op: Op, _target: Target) -> Layer:
    """PAD with the zero point, where no convolution could take it in."""
    _, in_h, in_w, in_channels = image_shape(op, 0)
    _, out_h, out_w, out_channels = op.output.shape
    paddings = np.asarray(op.tensor(1).data)
    return Layer(
        name=layer_name(op),
        kernel="pad_s8",
        params_type="pad_params_t",
        fields={
            "in_h": str(in_h),
            "in_w": str(in_w),
            "in_channels": str(in_channels),
            "out_h": str(out_h),
            "out_w": str(out_w),
            "out_channels": str(out_channels),
            "top": str(paddings[1][0]),
            "left": str(paddings[2][0]),
            "front": str(paddings[3][0]),
            "value": str(op.output.zero_point),
        },
        arrays=(),
        inputs=(op.tensor(0),),
        output=op.output,
    )


def lower_quantize(op: Op, _target: Target) -> Layer:
    """QUANTIZE from int8 to int8 of another scale."""
    return Layer(
        name=layer_name(op),
        kernel="requantize_s8",
        params_type="requantize_params_t",
        fields={
            "size": str(op.output.size),
            "in_zero_point": str(op.tensor(0).zero_point),
            "out_zero_point": str(op.output.zero_point),
            "rescale": rescale_from_real(op.tensor(0).scale / op.output.scale).as_c(),
        },
        arrays=(),
        inputs=(op.tensor(0),),
        output=op.output,
        overlap=IN_PLACE,
    )
