"""Drops channels that carry nothing: whose values are known in advance, or that nothing reads.

A known channel's part in the next sums goes into their bias, so every output stays the same to the bit.
"""

from dataclasses import replace

import numpy as np

from harness.firmware.channels import Bools, ChannelClasses, activations, contributions, find_needed
from harness.firmware.exact import INT32_MAX, INT32_MIN, Ints
from harness.firmware.graph import Graph, Op, Tensor
from harness.firmware.known import known_values
from harness.firmware.weighted import Mixing, bias_of, bias_tensor, mixing_of, output_axis, weights_of

_LARGEST_ELEMENTS = 1 << 22  # no microcontroller holds a larger activation


def eliminate_channels(graph: Graph) -> Graph:
    """The graph without the channels that carry nothing; operators and their numbers stay.

    Raises:
        InputError: A convolution has a form that the firmware cannot run.
    """
    sizes = [tensor.size for op in graph.ops for tensor in activations(op)]
    if not sizes or min(sizes) < 1 or max(sizes) > _LARGEST_ELEMENTS:
        return graph
    cut = _Cut(graph)
    while refused := cut.refused(graph):
        cut.bring_back(graph, refused)
    return graph if cut.kept.all() else replace(graph, ops=tuple(cut.op(op) for op in graph.ops))


class _Cut:
    """What goes and what stays, and how an operator looks afterwards."""

    def __init__(self, graph: Graph) -> None:
        self._known = known_values(graph)
        self._classes = ChannelClasses(graph)
        self._forced: set[int] = set()
        self.bring_back(graph, set())

    def bring_back(self, graph: Graph, numbers: set[int]) -> None:
        """Keep these classes, and so all that they read."""
        self._forced |= numbers
        self.kept: Bools = find_needed(graph, self._classes, self._known, self._forced)

    def refused(self, graph: Graph) -> set[int]:
        """Dropped classes that must come back: a tensor would vanish, or a bias leave int32."""
        refused: set[int] = set()
        for op in graph.ops:
            for tensor in activations(op):
                numbers, stays = self._classes.of(tensor), self._stays(tensor)
                # Of one scale left TFLite would take it for the layer's, and round it otherwise.
                least = 2 if tensor is op.output and _has_scale_per_feature(op) else 1
                missing = min(least, len(numbers)) - int(stays.sum())
                refused |= set(numbers[~stays][: max(missing, 0)].tolist())
            mixing = mixing_of(op)
            if mixing is not None:
                bias = self._bias(mixing)[self._stays(op.output)]
                if ((bias < INT32_MIN) | (bias > INT32_MAX)).any():
                    refused |= set(self._classes.of(op.tensor(0))[~self._stays(op.tensor(0))].tolist())
        return refused

    def op(self, op: Op) -> Op:
        """The operator on the channels that stay; itself where none of its channels goes."""
        if all(self._stays(tensor).all() for tensor in activations(op)):
            return op
        inputs = [t if t is None or t.data is not None else self.narrow(t) for t in op.inputs]
        weights = weights_of(op)
        if weights is not None:
            outputs = self._stays(op.output)
            narrowed, bias = _select(op.tensor(1), output_axis(op), outputs), bias_of(op)
            mixing = mixing_of(op)
            if mixing is not None:
                narrowed = _select_inputs(narrowed, self._stays(op.tensor(0)), mixing)
                bias = self._bias(mixing)
            inputs[1:] = [narrowed, *_bias_input(op, bias, outputs)]
        output = self.narrow(op.output)
        if op.kind == "RESHAPE" and len(inputs) > 1 and inputs[1] is not None:
            inputs[1] = _shape_input(inputs[1], output.shape)
        return replace(op, inputs=tuple(inputs), output=output)

    def narrow(self, tensor: Tensor) -> Tensor:
        """An activation with the channels that stay."""
        stays = self._stays(tensor)
        return tensor if stays.all() else replace(tensor, shape=(*tensor.shape[:-1], int(stays.sum())))

    def _stays(self, tensor: Tensor) -> Bools:
        return self.kept[self._classes.of(tensor)]

    def _bias(self, mixing: Mixing) -> Ints:
        """Bias with what the dropped inputs add, for all outputs; those that go get any value."""
        source = mixing.op.tensor(0)
        bias = bias_of(mixing.op)
        for channel in np.flatnonzero(~self._stays(source)):
            rows = mixing.weights[self._stays(mixing.op.output)][:, :, channel]
            if rows.any():
                bias = bias + contributions(mixing, self._known[source.index], int(channel))[0]
        return bias


def _has_scale_per_feature(op: Op) -> bool:
    return op.kind == "FULLY_CONNECTED" and op.tensor(1).scales.size > 1


def _select(tensor: Tensor, axis: int, stays: Bools) -> Tensor:
    """A constant with some of its slices along `axis`, and their scales."""
    data = np.compress(stays, np.asarray(tensor.data), axis=axis)
    scales = tensor.scales[stays] if tensor.scales.size == len(stays) > 1 else tensor.scales
    return replace(tensor, data=data, shape=data.shape, scales=scales)


def _select_inputs(weights: Tensor, stays: Bools, mixing: Mixing) -> Tensor:
    """Weights of a convolution or dense layer for the input channels that stay."""
    data = np.asarray(weights.data)
    outputs, taps = data.shape[0], mixing.weights.shape[1]
    narrowed = data.reshape(outputs, taps, len(stays))[:, :, stays]
    shape = (outputs, -1) if data.ndim == 2 else (*data.shape[:3], -1)
    narrowed = narrowed.reshape(shape)
    return replace(weights, data=narrowed, shape=narrowed.shape)


def _bias_input(op: Op, bias: Ints, stays: Bools) -> list[Tensor | None]:
    """The bias as an operator's input; made anew where the operator had none and now needs one."""
    tensor = bias_tensor(op)
    values = bias[stays].astype(np.int32)
    if tensor is not None:
        return [replace(_select(tensor, 0, stays), data=values)]
    if not values.any():
        return list(op.inputs[2:])
    weights = op.tensor(1)
    scales = (op.tensor(0).scale * weights.scales).astype(np.float32)
    scales = scales[stays] if scales.size == len(stays) > 1 else scales
    return [Tensor(-1, f"{weights.name}/bias", values.shape, "int32", scales, 0, values)]


def _shape_input(tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The shape that a RESHAPE takes as an input, its -1 left for the interpreter to find."""
    old = np.asarray(tensor.data)
    return replace(tensor, data=np.where(old == -1, -1, np.array(shape)).astype(old.dtype))
