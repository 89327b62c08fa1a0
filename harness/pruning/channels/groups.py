"""Which channels of a network belong together: what must be kept or dropped as one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.pruning.graph import ELEMENTWISE, is_layer, topological_nodes

Kept = Mapping[int, npt.NDArray[np.int64]]
"""Group -> the channels that stay, ascending; groups left out keep all."""

_POOLS = (
    "MaxPooling2D",
    "AveragePooling2D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "ZeroPadding2D",
)


@dataclass(frozen=True, eq=False)
class NodeChannels:
    """The channels that one node reads and makes.

    Attributes:
        node: The node of the Keras graph.
        reads: Group of each input tensor.
        makes: Group of the output tensor.
        places: How often each channel occurs in a flattened input: its map's height times width; else 1.
    """

    node: Any
    reads: tuple[int, ...]
    makes: int
    places: int


@dataclass(frozen=True, eq=False)
class ChannelGraph:
    """A network's nodes and channel groups.

    Attributes:
        nodes: In topological order.
        sizes: Group -> number of channels.
        prunable: Groups whose channels may be dropped: all but those of input and output and those that go
            through a layer which is not understood.
    """

    nodes: tuple[NodeChannels, ...]
    sizes: dict[int, int]
    prunable: frozenset[int]

    def consumers(self) -> list[NodeChannels]:
        """Nodes with weights that read a prunable group."""
        return [
            found
            for found in self.nodes
            if is_layer(found.node.operation, "Conv2D", "DepthwiseConv2D", "Dense")
            and found.reads[0] in self.prunable
        ]


def find_groups(model: Any) -> ChannelGraph:
    """Trace the channels through `model`.

    Channels are the last axis. A convolution or dense layer makes new ones; a depthwise convolution, BatchNorm,
    activations and pooling pass them on; an addition ties those of its inputs to one group.

    Args:
        model: `keras.Model` with one input and one output.

    Raises:
        InputError: The model is not a graph of layers with one input and one output.
    """
    tracer = _Tracer()
    found = [tracer.trace(node) for node in topological_nodes(model)]
    tracer.fix(found[-1].makes)
    nodes = tuple(
        NodeChannels(n.node, tuple(map(tracer.root, n.reads)), tracer.root(n.makes), n.places) for n in found
    )
    sizes = {group: tracer.sizes[group] for group in {n.makes for n in nodes}}
    fixed = {tracer.root(group) for group in tracer.fixed}
    return ChannelGraph(nodes, sizes, frozenset(group for group in sizes if group not in fixed))


class _Tracer:
    """Follows channels from node to node; ties groups as they meet (union-find)."""

    def __init__(self) -> None:
        self.sizes: dict[int, int] = {}
        self.fixed: set[int] = set()
        self._parent: dict[int, int] = {}
        self._of: dict[int, tuple[int, int]] = {}  # node -> (group, places) of its output

    def root(self, group: int) -> int:
        while self._parent[group] != group:
            group = self._parent[group]
        return group

    def fix(self, group: int) -> None:
        self.fixed.add(group)

    def trace(self, node: Any) -> NodeChannels:
        layer, shape = node.operation, node.outputs[0].shape
        read = [self._of[id(parent)] for parent in node.parent_nodes]
        reads = tuple(group for group, _ in read)
        places = read[0][1] if read else 1
        if is_layer(layer, "Dense") or (is_layer(layer, "Conv2D") and layer.groups == 1):
            makes, out_places = self._new(shape), 1
        elif (
            (is_layer(layer, "DepthwiseConv2D") and layer.depth_multiplier == 1)
            or is_layer(layer, *_POOLS)
            or (is_layer(layer, *ELEMENTWISE) and places == 1)
        ):
            makes, out_places = reads[0], 1
        elif is_layer(layer, "Dropout"):
            makes, out_places = reads[0], places
        elif is_layer(layer, "Add") and places == 1:
            makes, out_places = self._tie(reads), 1
        elif is_layer(layer, "Flatten", "Reshape") and self._flattens(node):
            makes = reads[0]
            out_places = places * (shape[-1] // self.sizes[self.root(makes)])
        else:  # not understood, or the input: its channels stay
            for group in reads:
                self.fix(group)
            makes, out_places = self._new(shape), 1
            self.fix(makes)
        self._of[id(node)] = (makes, out_places)
        return NodeChannels(node, reads, makes, places)

    def _flattens(self, node: Any) -> bool:
        return len(node.outputs[0].shape) == 2 and len(node.parent_nodes) == 1

    def _new(self, shape: tuple[int | None, ...]) -> int:
        group = len(self._parent)
        self._parent[group] = group
        self.sizes[group] = int(shape[-1] or 1)
        return group

    def _tie(self, groups: tuple[int, ...]) -> int:
        first, *others = (self.root(group) for group in groups)
        for other in others:
            self._parent[other] = first
        return first
