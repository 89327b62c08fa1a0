"""What a network with given numbers of channels costs on a board: flash, RAM, cycles."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from harness.pruning.channels.costs import LayerTimes
from harness.pruning.channels.groups import ChannelGraph, NodeChannels
from harness.pruning.graph import ELEMENTWISE, is_layer
from harness.tasks.framework import load_tensorflow

# Of each output channel in flash: bias, multiplier and shift beside the weights.
_CHANNEL_BYTES = 12
_SAME_TENSOR = (*ELEMENTWISE, "Flatten", "Reshape")

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

    Args:
        graph: The network.
        calibration: From measured layers and an image.
    """

    def __init__(self, graph: ChannelGraph, calibration: Calibration) -> None:
        self._graph = graph
        self._calibration = calibration
        self._live = _live_tensors(graph)

    def flash_bytes(self, widths: Widths) -> Any:
        """Bytes of the image."""
        return self._calibration.flash_offset_bytes + sum(
            self._weights(found, widths) for found in self._graph.nodes
        )

    def ram_bytes(self, widths: Widths) -> Any:
        """Bytes of RAM: the operator with most live activations decides."""
        tf = load_tensorflow()
        steps = [
            sum(self._channels(group, widths) * float(places) for group, places in live)
            for live in self._live
        ]
        peak = tf.reduce_max(tf.stack([tf.cast(step, tf.float32) for step in steps]))
        return self._calibration.ram_offset_bytes + self._calibration.ram_factor * peak

    def cycles(self, widths: Widths) -> Any:
        """Core clock cycles of an inference."""
        return sum(self._time(found, widths) for found in self._graph.nodes)

    def over(self, budget: Budget, widths: Widths) -> dict[str, Any]:
        """For each limit of `budget`, the cost as a share of it, less 1: above 0 where it is exceeded."""
        costs = {"flash_bytes": self.flash_bytes, "ram_bytes": self.ram_bytes, "cycles": self.cycles}
        return {
            name: cost(widths) / limit - 1.0
            for name, cost in costs.items()
            if (limit := getattr(budget, name)) is not None
        }

    def _channels(self, group: int, widths: Widths) -> Any:
        return widths.get(group, float(self._graph.sizes[group]))

    def _macs(self, found: NodeChannels, widths: Widths) -> Any:
        """Products of one place of the output, and those places."""
        layer = found.node.operation
        if is_layer(layer, "Dense"):
            read = self._channels(found.reads[0], widths) * float(found.places)
            return read * self._channels(found.makes, widths)
        area = float(prod(layer.kernel_size))
        if is_layer(layer, "DepthwiseConv2D"):
            return area * self._channels(found.makes, widths)
        return area * self._channels(found.reads[0], widths) * self._channels(found.makes, widths)

    def _weights(self, found: NodeChannels, widths: Widths) -> Any:
        if not is_layer(found.node.operation, "Conv2D", "DepthwiseConv2D", "Dense"):
            return 0.0
        return self._macs(found, widths) + _CHANNEL_BYTES * self._channels(found.makes, widths)

    def _time(self, found: NodeChannels, widths: Widths) -> Any:
        layer = found.node.operation
        if not found.node.parent_nodes or is_layer(layer, *_SAME_TENSOR):
            return 0.0
        per_mac, per_output, per_layer = self._calibration.times.line(kind_of(layer))
        places = float(prod(found.node.outputs[0].shape[1:-1]))
        outputs = places * self._channels(found.makes, widths)
        macs = 0.0
        if is_layer(layer, "Conv2D", "DepthwiseConv2D", "Dense"):
            macs = places * self._macs(found, widths)
        return per_mac * macs + per_output * outputs + per_layer


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
