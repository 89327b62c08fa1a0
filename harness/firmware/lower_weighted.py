"""Lowers the operators with weights: CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED."""

import numpy as np
import numpy.typing as npt

from harness.errors import InputError
from harness.firmware.backends import Target
from harness.firmware.fixedpoint import activation_range
from harness.firmware.graph import Op
from harness.firmware.layer import Array, Layer, int_array, layer_name
from harness.firmware.overlap import IN_PLACE, Overlap, backward_overlap, forward_overlap
from harness.firmware.packed import Int8s, Int32s, Packed
from harness.firmware.shapes import Geometry, geometry_of, image_shape
from harness.firmware.weighted import rescales_of
from harness.firmware.widen import three_by_three

_BACKWARD = 0x4000  # PRODUCT_BACKWARD


def lower_conv(op: Op, target: Target) -> Layer:
    """CONV_2D; one of 1x1 that adds channels goes backward, so that its output may lie over its input."""
    weights = _weights(op, 4)
    out_channels, window_h, window_w, in_channels = weights.shape
    if image_shape(op, 0)[3] != in_channels:
        raise InputError(f"{op.label} is grouped, which the firmware cannot run")
    geometry = geometry_of(op, (window_h, window_w)).along_width()
    backward = geometry.is_pointwise and out_channels > in_channels
    overlap = (backward_overlap if backward else forward_overlap)(geometry, in_channels, out_channels)
    depth = _depth(window_h * window_w * in_channels)
    packed = target.product(
        weights.reshape(out_channels, geometry.window_h, -1),
        _folded_bias(op, weights),
        rescales_of(op),
        op.output.zero_point,
    )
    return Layer(
        name=layer_name(op),
        kernel=f"{'pointwise' if geometry.is_pointwise else 'conv2d'}_s8_{packed.kernel}",
        params_type="product_params_t",
        fields=_product_fields(op, packed, geometry, in_channels, _BACKWARD if backward else 0, depth),
        arrays=_arrays(packed),
        inputs=(op.tensor(0),),
        output=op.output,
        scratch_bytes=(4 if geometry.is_pointwise else 8) * depth,
        macs=op.output.size * window_h * window_w * in_channels,
        overlap=overlap,
        passes=-(-geometry.out_h * geometry.out_w // 2),
    )


def lower_depthwise(op: Op, target: Target) -> Layer:
    """DEPTHWISE_CONV_2D with any channel multiplier."""
    weights = _weights(op, 4)
    _, window_h, window_w, channels = weights.shape
    geometry = geometry_of(op, (window_h, window_w))
    in_channels = image_shape(op, 0)[3]
    taps = window_h * window_w
    if target.backend and taps > 1:
        weights, geometry = three_by_three(weights[0], geometry)
    by_channel = np.ascontiguousarray(weights.reshape(-1, channels).T)
    packed = target.depthwise(
        by_channel,
        _folded_bias(op, by_channel),
        rescales_of(op),
        op.output.zero_point,
        geometry,
        in_channels,
    )
    is_plain = packed.kernel == "portable"
    if is_plain:
        geometry = geometry.along_width()
    return Layer(
        name=layer_name(op),
        kernel=f"depthwise_s8_{packed.kernel}",
        params_type="depthwise_params_t",
        fields={
            "geometry": geometry.as_c(),
            "channels": str(channels),
            "in_channels": str(in_channels),
            "in_zero_point": str(op.tensor(0).zero_point),
            "flags": str(packed.flags),
            **_output_fields(op),
            **_pointers(packed),
        },
        arrays=_arrays(packed),
        inputs=(op.tensor(0),),
        output=op.output,
        scratch_bytes=packed.scratch_bytes,
        macs=op.output.size * taps,
        overlap=None if is_plain else IN_PLACE,
    )


def lower_dense(op: Op, target: Target) -> Layer:
    """FULLY_CONNECTED on batch 1: a convolution of one pixel, by a kernel of its own unless all are small."""
    weights = _weights(op, 2)
    out_features, in_features = weights.shape
    if op.tensor(0).size != in_features:
        raise InputError(f"{op.label} works on a batch; a batch of 1 is needed")
    depth = _depth(in_features)
    constants = (_folded_bias(op, weights), rescales_of(op), op.output.zero_point)
    if target.has_small_dense:
        packed, kernel = target.product(weights[:, None, :], *constants), "pointwise"
        scratch_bytes = 4 * depth
    else:
        packed, kernel = target.dense(weights, *constants), "dense"
        scratch_bytes = packed.scratch_bytes
    return Layer(
        name=layer_name(op),
        kernel=f"{kernel}_s8_{packed.kernel}",
        params_type="product_params_t",
        fields=_product_fields(op, packed, Geometry(1, 1, 1, 1, 1, 1, 1, 1, 0, 0), in_features, 0, depth),
        arrays=_arrays(packed),
        inputs=(op.tensor(0),),
        output=op.output,
        scratch_bytes=scratch_bytes,
        macs=out_features * in_features,
        overlap=Overlap(None, None) if scratch_bytes else None,
    )


def _depth(inputs: int) -> int:
    return -(-inputs // 4) * 4


def _product_fields(
    op: Op, packed: Packed, geometry: Geometry, in_channels: int, flags: int, depth: int
) -> dict[str, str]:
    return {
        "geometry": geometry.as_c(),
        "in_channels": str(in_channels),
        "out_channels": str(op.output.shape[-1]),
        "in_zero_point": str(op.tensor(0).zero_point),
        "depth": str(depth),
        "flags": str(packed.flags | flags),
        **_output_fields(op),
        **_pointers(packed),
    }


def _arrays(packed: Packed) -> tuple[Array, ...]:
    return tuple(int_array(name, f"{v.dtype}_t", v) for name, v in _constants(packed) if v is not None)


def _pointers(packed: Packed) -> dict[str, str]:
    return {name: "0" if values is None else f"{{{name}}}" for name, values in _constants(packed)}


def _constants(packed: Packed) -> list[tuple[str, npt.NDArray[np.integer] | None]]:
    return [
        ("weights", packed.weights),
        ("bias", packed.bias),
        ("multiplier", packed.multiplier),
        ("shift", packed.shift),
    ]


def _weights(op: Op, rank: int) -> Int8s:
    tensor = op.tensor(1)
    if tensor.data is None:
        raise InputError(f"{op.label} has weights that are not constant")
    if tensor.dtype != "int8" or tensor.zero_point != 0 or len(tensor.shape) != rank:
        raise InputError(
            f"{op.label} has weights of type {tensor.dtype} {tensor.shape}; symmetric int8 is needed"
        )
    return np.asarray(tensor.data, np.int8)


def _bias(op: Op, channels: int) -> Int32s:
    tensor = op.inputs[2] if len(op.inputs) > 2 else None
    if tensor is None:
        return np.zeros(channels, np.int32)
    if tensor.data is None or tensor.dtype != "int32":
        raise InputError(f"{op.label} has a bias that is not a constant of int32")
    return np.asarray(tensor.data, np.int32)


def _folded_bias(op: Op, weights: Int8s) -> Int32s:
    """Bias less the input's zero point times the sum of each output's weights, modulo 2^32."""
    sums = weights.reshape(weights.shape[0], -1).sum(axis=1, dtype=np.int64)
    folded = _bias(op, weights.shape[0]).astype(np.int64) - op.tensor(0).zero_point * sums
    wrapped: Int32s = folded.astype(np.int32)
    return wrapped


def _output_fields(op: Op) -> dict[str, str]:
    activation = str(op.options.get("activation", "none"))
    if activation not in ("none", "relu", "relu6", "relu_n1_to_1"):
        raise InputError(f"{op.label} has {activation} fused, which the firmware cannot run")
    low, high = activation_range(activation, op.output.scale, op.output.zero_point)
    return {"out_zero_point": str(op.output.zero_point), "act_min": str(low), "act_max": str(high)}
