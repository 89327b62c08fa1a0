"""Operators with weights: their constants, and the matrix form of those that mix channels."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.firmware.exact import Ints, windows
from harness.firmware.fixedpoint import Rescale, rescale_from_real
from harness.firmware.graph import Op, Tensor
from harness.firmware.shapes import Geometry, geometry_of

Int8s = npt.NDArray[np.int8]

_RANKS = {"CONV_2D": 4, "DEPTHWISE_CONV_2D": 4, "FULLY_CONNECTED": 2}


@dataclass(frozen=True)
class Mixing:
    """A convolution or dense layer as a matrix over (tap, input channel).

    Attributes:
        op: The operator.
        weights: int8 `(outputs, taps, input channels)`.
        geometry: Windows of a convolution; None for a dense layer, whose taps are the input's positions.
    """

    op: Op
    weights: Int8s
    geometry: Geometry | None

    def taps(self, values: Ints) -> Ints:
        """What each output position reads, less the zero point: 0 in the padding.

        Args:
            values: int64 of the input's shape with any number of channels last.

        Returns:
            int64 `(positions, taps, channels)`.
        """
        centred = values - self.op.tensor(0).zero_point
        channels = values.shape[-1]
        if self.geometry is None:
            return centred.reshape(1, self.weights.shape[1], channels)
        positions = self.geometry.out_h * self.geometry.out_w
        return windows(centred[0], self.geometry, 0).reshape(positions, self.weights.shape[1], channels)


def weights_of(op: Op) -> Int8s | None:
    """Weights of an operator whose weights, bias and scales are as the kernels need them, else None."""
    rank = _RANKS.get(op.kind)
    if rank is None or op.options.get("dilation", (1, 1)) != (1, 1):
        return None
    tensor = op.tensor(1)
    if tensor.data is None or tensor.dtype != "int8" or tensor.zero_point or len(tensor.shape) != rank:
        return None
    outputs = tensor.shape[output_axis(op)]
    bias = bias_tensor(op)
    if bias is not None and (bias.data is None or bias.dtype != "int32" or bias.size != outputs):
        return None
    if tensor.scales.size not in (1, outputs) or op.output.shape[-1] != outputs:
        return None
    return np.asarray(tensor.data, np.int8)


def output_axis(op: Op) -> int:
    """Axis of the weights that counts output channels."""
    return 3 if op.kind == "DEPTHWISE_CONV_2D" else 0


def bias_tensor(op: Op) -> Tensor | None:
    """The bias, which is optional."""
    return op.inputs[2] if len(op.inputs) > 2 else None


def bias_of(op: Op) -> Ints:
    """Bias of each output channel, 0 where there is none: int64 `(outputs,)`."""
    tensor = bias_tensor(op)
    if tensor is None:
        return np.zeros(op.output.shape[-1], np.int64)
    return np.asarray(tensor.data).astype(np.int64)


def rescales_of(op: Op) -> list[Rescale]:
    """Factor from accumulator to output of each output channel, as TFLite derives it."""
    source, weights, outputs = op.tensor(0), op.tensor(1), op.output.shape[-1]
    if op.kind == "FULLY_CONNECTED" and weights.scales.size == 1:
        # TFLite multiplies the two scales in single precision when there is one for the whole layer.
        product = float(source.scales[0] * weights.scales[0])
        return [rescale_from_real(product / op.output.scale)] * outputs
    scales = np.broadcast_to(weights.scales, (outputs,))
    return [rescale_from_real(source.scale * float(scale) / op.output.scale) for scale in scales]


def mixing_of(op: Op) -> Mixing | None:
    """The matrix form of a plain CONV_2D or FULLY_CONNECTED; None for any other operator."""
    weights = weights_of(op)
    if weights is None or op.kind == "DEPTHWISE_CONV_2D" or op.tensor(0).data is not None:
        return None
    shape = op.tensor(0).shape
    outputs, channels = weights.shape[0], shape[-1]
    if op.kind == "FULLY_CONNECTED":
        # Features are flattened positions, channels fastest.
        is_plain = op.tensor(0).size == weights.shape[1] and op.output.size == outputs
        return Mixing(op, weights.reshape(outputs, -1, channels), None) if is_plain else None
    if weights.shape[3] != channels:
        return None
    geometry = geometry_of(op, weights.shape[1:3])
    return Mixing(op, weights.reshape(outputs, -1, channels), geometry)
