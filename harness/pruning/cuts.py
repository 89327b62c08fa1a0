"""Where a trained network can be cut: tensors that every path from input to output crosses."""

from dataclasses import dataclass
from typing import Any

from harness.errors import InputError
from harness.pruning.graph import (
    ACTIVATIONS,
    ELEMENTWISE,
    count_macs,
    count_params,
    is_layer,
    peak_bytes,
    readers_of,
    topological_nodes,
)


@dataclass(frozen=True)
class CutPoint:
    """A place where the rest of the network can be replaced by a head.

    Attributes:
        index: From 0 at the input side.
        name: For people and file names: `conv1`, then `block1`, `block2`, ...
        layer_name: Keras layer whose output is the cut's feature map.
        map_shape: (height, width, channels) of that map.
        params: Weights kept in front of the cut, BatchNorm's four a channel included.
        macs: Multiply-accumulates an inference of the kept part.
        peak_ram_bytes: Most bytes of int8 activations alive at once in the kept part (see `graph.peak_bytes`).
    """

    index: int
    name: str
    layer_name: str
    map_shape: tuple[int, int, int]
    params: int
    macs: int
    peak_ram_bytes: int


def find_cuts(model: Any) -> list[CutPoint]:
    """All cut points of `model`, front to back.

    A cut stands where all paths cross, on the map that ends a block: after the activation of a convolution or of a
    sum; or, in blocks that end without an activation (MobileNetV2's, SqueezeNet's), after the projection, the sum or the
    maps joined. Inside
    blocks there is none: the activation after a depthwise convolution is left out, since the pointwise one that
    follows belongs to it, and so is that of an expansion in front of a depthwise convolution.

    Args:
        model: Built `keras.Model`, sequential or functional, with one input and one output.

    Raises:
        InputError: The model has several inputs or outputs, is not a graph of layers, or has no cut point.
    """
    nodes = topological_nodes(model)
    readers = readers_of(nodes)
    reach = 0  # last node that reads anything standing before the current one
    cuts: list[CutPoint] = []
    for number, node in enumerate(nodes[:-1]):
        crossed_by_all = reach <= number
        reach = max([reach, *readers[number]])
        following = _following(number, nodes, readers)
        if crossed_by_all and _ends_block(node, following):
            kept = nodes[: number + 1]
            cuts.append(
                CutPoint(
                    index=len(cuts),
                    name=f"block{len(cuts)}" if cuts else "conv1",
                    layer_name=node.operation.name,
                    map_shape=tuple(node.outputs[0].shape[1:]),
                    params=count_params(kept),
                    macs=sum(map(count_macs, kept)),
                    peak_ram_bytes=peak_bytes(kept),
                )
            )
    if not cuts:
        raise InputError(
            f"model {model.name!r} has no point to cut at: it needs a convolution over height and width, followed by an "
            "activation that every path crosses"
        )
    return cuts


def model_params(model: Any) -> int:
    """Weights of a whole model, BatchNorm's four a channel included. Raises as `find_cuts` does."""
    return count_params(topological_nodes(model))


def model_macs(model: Any) -> int:
    """Multiply-accumulates an inference of a whole model. Raises as `find_cuts` does."""
    return sum(map(count_macs, topological_nodes(model)))


def model_peak_ram_bytes(model: Any) -> int:
    """Most bytes of int8 activations alive at once (see `graph.peak_bytes`). Raises as `find_cuts` does."""
    return peak_bytes(topological_nodes(model))


def _ends_block(node: Any, following: list[Any]) -> bool:
    """Whether `node`, read by `following`, gives the map that ends a block."""
    shape = node.outputs[0].shape
    if len(shape) != 4 or None in shape[1:]:
        return False
    if _is_activation(node.operation):
        source = _source(node)
        inside = is_layer(source.operation, "DepthwiseConv2D", "InputLayer")
        return not inside and not _is_expansion(source, following)
    goes_on = len(following) == 1 and is_layer(following[0].operation, *ELEMENTWISE)
    return not goes_on and _is_linear_end(node)


def _is_activation(layer: Any) -> bool:
    if is_layer(layer, "Activation", "Conv2D", "DepthwiseConv2D"):
        return getattr(layer.activation, "__name__", "") not in ("linear", "softmax")
    return is_layer(layer, *ACTIVATIONS)


def _following(number: int, nodes: list[Any], readers: list[list[int]]) -> list[Any]:
    """What reads a node's output; padding is passed over."""
    found = readers[number]
    while len(found) == 1 and is_layer(nodes[found[0]].operation, "ZeroPadding2D"):
        found = readers[found[0]]
    return [nodes[reader] for reader in found]


def _is_linear_end(node: Any) -> bool:
    """Whether `node` is, normalised or not, a sum, maps joined, or the pointwise part of a separable convolution, unbent."""
    source = node
    while is_layer(source.operation, *ELEMENTWISE):
        if _is_activation(source.operation):
            return False
        source = source.parent_nodes[0]
    if is_layer(source.operation, "Add", "Concatenate"):
        return True
    if not is_layer(source.operation, "Conv2D") or _is_activation(source.operation):
        return False
    return is_layer(_source(source.parent_nodes[0]).operation, "DepthwiseConv2D")


def _is_expansion(source: Any, following: list[Any]) -> bool:
    """Whether `source` is a convolution that widens a block's linear end for a depthwise one alone."""
    alone = len(following) == 1 and is_layer(following[0].operation, "DepthwiseConv2D")
    return alone and is_layer(source.operation, "Conv2D") and _is_linear_end(source.parent_nodes[0])


def _source(node: Any) -> Any:
    """The node whose result reaches `node` through elementwise layers alone."""
    while is_layer(node.operation, *ELEMENTWISE):
        node = node.parent_nodes[0]
    return node
