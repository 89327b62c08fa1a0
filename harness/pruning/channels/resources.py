"""What a network with given numbers of channels costs on a board: flash, RAM, cycles."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.pruning.channels.costs import LayerTimes
from harness.pruning.channels.groups import ChannelGraph, NodeChannels
from harness.pruning.graph import ELEMENTWISE, is_layer
from harness.tasks.framework import load_tensorflow

# Of each output channel in flash: bias, multiplier and shift beside the weights.
_CHANNEL_BYTES = 12
_SAME_TENSOR = (*ELEMENTWISE, "Flatten", "Reshape")
_ONE = -1  # row and column of the constant 1 behind the widths

FloatMatrix = npt.NDArray[np.float64]

Widths = Mapping[int, Any]
"""Group -> number of channels, a number or a TensorFlow scalar; groups left out keep all of theirs."""


@dataclass(frozen=True)
class Calibration:
    """What the model leaves out, from one image that was measured.

    Attributes:
        times: Cycles of layers.
        flash_offset_bytes: Flash beside weights: code and tables.
        ram_offset_bytes: RAM beside activations: stack and protocol.
        ram_factor: Measured arena over the modelled peak; below 1 where outputs lie over inputs.
    """

    times: LayerTimes
    flash_offset_bytes: float = 0.0
    ram_offset_bytes: float = 0.0
    ram_factor: float = 1.0


@dataclass(frozen=True)
class Budget:
    """Most a network may cost; None for any amount.

    Attributes:
        flash_bytes: Of the whole image.
        ram_bytes: Static, arena and stack.
        cycles: Core clock cycles of an inference.
    """

    flash_bytes: float | None = None
    ram_bytes: float | None = None
    cycles: float | None = None


class Resources:
    """The costs of one network as functions of its groups' widths; differentiable where these are.

    What a layer takes is a sum of products of at most two widths, so flash and cycles of all layers are one quadratic form
    each, `[widths, 1] @ form @ [widths, 1]`. As sums of scalars TensorFlow would add them up in an order that differs from
    one process to the next.

    Args:
        graph: The network.
        calibration: From measured layers and an image.
    """

    def __init__(self, graph: ChannelGraph, calibration: Calibration) -> None:
        self._sizes = graph.sizes
        self._row = {group: row for row, group in enumerate(graph.sizes)}
        self._calibration = calibration
        self._flash = self._form()
        self._cycles = self._form()
        self._flash[_ONE, _ONE] = calibration.flash_offset_bytes
        for found in graph.nodes:
            self._add(found)
        live = _live_tensors(graph)
        self._live = np.zeros((len(live), len(self._row) + 1))
        for step, tensors in enumerate(live):
            for group, places in tensors:
                self._live[step, self._row[group]] += places

    def flash_bytes(self, widths: Widths) -> Any:
        """Bytes of the image, float64."""
        return _value(self._flash, self._vector(widths))

    def ram_bytes(self, widths: Widths) -> Any:
        """Bytes of RAM, float64: the operator with most live activations decides."""
        tf = load_tensorflow()
        peak = tf.reduce_max(tf.linalg.matvec(self._live, self._vector(widths)))
        return self._calibration.ram_offset_bytes + self._calibration.ram_factor * peak

    def cycles(self, widths: Widths) -> Any:
        """Core clock cycles of an inference, float64."""
        return _value(self._cycles, self._vector(widths))

    def over(self, budget: Budget, widths: Widths) -> dict[str, Any]:
        """For each limit of `budget`, the cost as a share of it, less 1: above 0 where it is exceeded."""
        costs = {"flash_bytes": self.flash_bytes, "ram_bytes": self.ram_bytes, "cycles": self.cycles}
        return {
            name: cost(widths) / limit - 1.0
            for name, cost in costs.items()
            if (limit := getattr(budget, name)) is not None
        }

    def _form(self) -> FloatMatrix:
        return np.zeros((len(self._row) + 1, len(self._row) + 1))

    def _vector(self, widths: Widths) -> Any:
        """The widths of all groups and a 1, float64."""
        tf = load_tensorflow()
        values = [tf.cast(widths.get(group, size), tf.float64) for group, size in self._sizes.items()]
        return tf.stack([*values, tf.ones((), tf.float64)])

    def _add(self, found: NodeChannels) -> None:
        """A layer's weights to the form of flash, its time to that of cycles."""
        layer = found.node.operation
        makes = self._row[found.makes]
        weighted = is_layer(layer, "Conv2D", "DepthwiseConv2D", "Dense")
        # Products of one place of the output are so many times the width made, times that of `read`.
        area, read = 0.0, _ONE
        if is_layer(layer, "Dense"):
            area, read = float(found.places), self._row[found.reads[0]]
        elif is_layer(layer, "DepthwiseConv2D"):
            area = float(prod(layer.kernel_size))
        elif weighted:
            area, read = float(prod(layer.kernel_size)), self._row[found.reads[0]]
        if weighted:
            self._flash[read, makes] += area
            self._flash[_ONE, makes] += _CHANNEL_BYTES
        if found.node.parent_nodes and not is_layer(layer, *_SAME_TENSOR):
            per_mac, per_output, per_layer = self._calibration.times.line(kind_of(layer))
            places = float(prod(found.node.outputs[0].shape[1:-1]))
            self._cycles[read, makes] += per_mac * places * area
            self._cycles[_ONE, makes] += per_output * places
            self._cycles[_ONE, _ONE] += per_layer


def _value(form: FloatMatrix, vector: Any) -> Any:
    tf = load_tensorflow()
    return tf.reduce_sum(vector * tf.linalg.matvec(form, vector))


def kind_of(layer: Any) -> str:
    """Which line of `LayerTimes` a Keras layer follows."""
    if is_layer(layer, "Dense"):
        return "dense"
    if is_layer(layer, "DepthwiseConv2D"):
        return "depthwise"
    if is_layer(layer, "Conv2D"):
        return "pointwise" if tuple(layer.kernel_size) == (1, 1) else "conv"
    if is_layer(layer, "Add"):
        return "add"
    if is_layer(layer, "GlobalAveragePooling2D", "GlobalMaxPooling2D", "AveragePooling2D", "MaxPooling2D"):
        return "pool"
    return "other"


def _live_tensors(graph: ChannelGraph) -> list[list[tuple[int, int]]]:
    """For each operator the tensors alive while it runs, as (group, places)."""
    nodes = graph.nodes
    position = {id(found.node): number for number, found in enumerate(nodes)}
    owner: list[int] = []
    last_use: dict[int, int] = {}
    for number, found in enumerate(nodes):
        sources = [owner[position[id(parent)]] for parent in found.node.parent_nodes]
        for source in sources:
            last_use[source] = number
        joined = bool(sources) and is_layer(found.node.operation, *_SAME_TENSOR)
        owner.append(sources[0] if joined else number)
    last_use[owner[-1]] = len(nodes)
    makers = sorted(set(owner))
    return [
        [
            (nodes[made].makes, int(prod(nodes[made].node.outputs[0].shape[1:-1])))
            for made in makers
            if made <= number <= last_use.get(made, made)
        ]
        for number in makers
    ]
