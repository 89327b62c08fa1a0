"""Lowers the operators with weights: CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED."""

import numpy as np
import numpy.typing as npt

from harness.errors import InputError
from harness.firmware.fixedpoint import Rescale, activation_range, rescale_from_real
from harness.firmware.graph import Op
from harness.firmware.layer import Array, Layer, int_array, layer_name, rescale_array
from harness.firmware.shapes import geometry_of, image_shape

Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]

_CONSTANT_FIELDS = {name: f"{{{name}}}" for name in ("weights", "bias", "rescale")}


def lower_conv(op: Op) -> Layer:
    """CONV_2D; a 1x1 window with stride 1 goes to the pointwise kernel, which needs no patches."""
    weights = _weights(op, 4)
    out_channels, window_h, window_w, in_channels = weights.shape
    if image_shape(op, 0)[3] != in_channels:
        raise InputError(f"{op.label} is grouped, which the firmware cannot run")
    geometry = geometry_of(op, (window_h, window_w))
    pointwise = geometry.is_pointwise
    return Layer(
        name=layer_name(op),
        kernel="pointwise_s8" if pointwise else "conv2d_s8",
        params_type="conv_params_t",
        fields={
            "geometry": geometry.as_c(),
            "in_channels": str(in_channels),
            "out_channels": str(out_channels),
            "in_zero_point": str(op.tensor(0).zero_point),
            **_output_fields(op),
            **_CONSTANT_FIELDS,
        },
        arrays=_constants(weights, _folded_bias(op, weights), _channel_rescales(op, out_channels)),
        inputs=(op.tensor(0),),
        output=op.output,
        scratch_bytes=0 if pointwise else 2 * window_h * window_w * in_channels,
        macs=op.output.size * window_h * window_w * in_channels,
    )


def lower_depthwise(op: Op) -> Layer:
    """DEPTHWISE_CONV_2D with any channel multiplier."""
    weights = _weights(op, 4)
    _, window_h, window_w, out_channels = weights.shape
    in_channels = image_shape(op, 0)[3]
    return Layer(
        name=layer_name(op),
        kernel="depthwise_s8",
        params_type="depthwise_params_t",
        fields={
            "geometry": geometry_of(op, (window_h, window_w)).as_c(),
            "in_channels": str(in_channels),
            "multiplier": str(out_channels // in_channels),
            "in_zero_point": str(op.tensor(0).zero_point),
            **_output_fields(op),
            **_CONSTANT_FIELDS,
        },
        arrays=_constants(weights, _bias(op, out_channels), _channel_rescales(op, out_channels)),
        inputs=(op.tensor(0),),
        output=op.output,
        macs=op.output.size * window_h * window_w,
    )


def lower_dense(op: Op) -> Layer:
    """FULLY_CONNECTED on batch 1."""
    weights = _weights(op, 2)
    out_features, in_features = weights.shape
    if op.tensor(0).size != in_features:
        raise InputError(f"{op.label} works on a batch; a batch of 1 is needed")
    return Layer(
        name=layer_name(op),
        kernel="dense_s8",
        params_type="dense_params_t",
        fields={
            "in_features": str(in_features),
            "out_features": str(out_features),
            **_output_fields(op),
            **_CONSTANT_FIELDS,
        },
        arrays=_constants(weights, _folded_bias(op, weights), _dense_rescales(op, out_features)),
        inputs=(op.tensor(0),),
        output=op.output,
        macs=out_features * in_features,
    )


def _constants(weights: Int8s, bias: Int32s, rescales: list[Rescale]) -> tuple[Array, ...]:
    return (
        int_array("weights", "int8_t", weights),
        int_array("bias", "int32_t", bias),
        rescale_array(rescales),
    )


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


def _channel_rescales(op: Op, channels: int) -> list[Rescale]:
    scales = np.broadcast_to(op.tensor(1).scales, (channels,))
    return [rescale_from_real(op.tensor(0).scale * float(scale) / op.output.scale) for scale in scales]


def _dense_rescales(op: Op, features: int) -> list[Rescale]:
    if op.tensor(1).scales.size != 1:
        return _channel_rescales(op, features)
    # TFLite multiplies the two scales in single precision when there is one for the whole layer.
    product = float(op.tensor(0).scales[0] * op.tensor(1).scales[0])
    return [rescale_from_real(product / op.output.scale)] * features
