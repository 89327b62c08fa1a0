"""Where a trained network can be cut: tensors that every path from input to output crosses."""

from dataclasses import dataclass
from math import prod
from typing import Any

from harness.errors import InputError
from harness.tasks.framework import load_keras

_ACTIVATIONS = ("ReLU", "LeakyReLU", "PReLU", "ELU")
_ELEMENTWISE = (*_ACTIVATIONS, "Activation", "BatchNormalization", "Dropout", "SpatialDropout2D")


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
    """

    index: int
    name: str
    layer_name: str
    map_shape: tuple[int, int, int]
    params: int
    macs: int


def find_cuts(model: Any) -> list[CutPoint]:
    """All cut points of `model`, front to back.

    A cut stands after an activation on a feature map that all paths cross. The activation after a
    depthwise convolution is left out: the pointwise one that follows belongs to it.

    Args:
        model: Built `keras.Model`, sequential or functional, with one input and one output.

    Raises:
        InputError: The model has several inputs or outputs, is not a graph of layers, or has no cut point.
    """
    nodes = _topological_nodes(model)
    readers = _last_readers(nodes)
    reach = 0  # last node that reads anything standing before the current one
    cuts: list[CutPoint] = []
    for number, node in enumerate(nodes[:-1]):
        crossed_by_all = reach <= number
        reach = max(reach, readers[number])
        if crossed_by_all and _ends_block(node):
            kept = nodes[: number + 1]
            cuts.append(
                CutPoint(
                    index=len(cuts),
                    name=f"block{len(cuts)}" if cuts else "conv1",
                    layer_name=node.operation.name,
                    map_shape=tuple(node.outputs[0].shape[1:]),
                    params=_params(kept),
                    macs=sum(map(_macs, kept)),
                )
            )
    if not cuts:
        raise InputError(
            f"model {model.name!r} has no point to cut at: it needs a convolution followed by an "
            "activation that every path crosses"
        )
    return cuts


def model_params(model: Any) -> int:
    """Weights of a whole model, BatchNorm's four a channel included. Raises as `find_cuts` does."""
    return _params(_topological_nodes(model))


def model_macs(model: Any) -> int:
    """Multiply-accumulates an inference of a whole model. Raises as `find_cuts` does."""
    return sum(map(_macs, _topological_nodes(model)))


def _params(nodes: list[Any]) -> int:
    layers = {id(node.operation): node.operation for node in nodes}
    return sum(layer.count_params() for layer in layers.values() if hasattr(layer, "count_params"))


def _macs(node: Any) -> int:
    """Multiply-accumulates of one use of a layer; layers without a kernel product count as 0."""
    layer, shape = node.operation, node.outputs[0].shape
    if _is(layer, "Dense"):
        return int(prod(shape[1:-1]) * prod(layer.kernel.shape))
    if _is(layer, "Conv2D", "DepthwiseConv2D"):
        return int(prod(shape[1:3]) * prod(layer.kernel.shape))
    return 0


def _ends_block(node: Any) -> bool:
    """Whether an activation of a convolution (not a depthwise one) or of a sum gives this map."""
    shape = node.outputs[0].shape
    if len(shape) != 4 or None in shape[1:]:
        return False
    if not _is_activation(node.operation):
        return False
    source = node
    while _is(source.operation, *_ELEMENTWISE):
        source = source.parent_nodes[0]
    return not _is(source.operation, "DepthwiseConv2D", "InputLayer")


def _is_activation(layer: Any) -> bool:
    if _is(layer, "Activation", "Conv2D", "DepthwiseConv2D"):
        return getattr(layer.activation, "__name__", "") not in ("linear", "softmax")
    return _is(layer, *_ACTIVATIONS)


def _is(layer: Any, *names: str) -> bool:
    """Whether `layer` is of one of these classes of `keras.layers`, or of a class made from one."""
    layers = load_keras().layers
    return isinstance(layer, tuple(getattr(layers, name) for name in names))


def _last_readers(nodes: list[Any]) -> list[int]:
    """For each node the position of the last one that reads it (0 if none does)."""
    position = {id(node): number for number, node in enumerate(nodes)}
    readers = [0] * len(nodes)
    for number, node in enumerate(nodes):
        for parent in node.parent_nodes:
            readers[position[id(parent)]] = number
    return readers


def _topological_nodes(model: Any) -> list[Any]:
    """The graph's nodes (one a use of a layer), each after all that it reads."""
    try:
        outputs, inputs = list(model.outputs), list(model.inputs)
    except (AttributeError, ValueError, TypeError) as error:
        raise InputError(
            f"model {getattr(model, 'name', model)!r} is not a built sequential or functional Keras model"
        ) from error
    if len(inputs) != 1 or len(outputs) != 1:
        raise InputError(
            f"model {model.name!r} has {len(inputs)} inputs and {len(outputs)} outputs; "
            "only models with one of each can be cut"
        )
    ordered: list[Any] = []
    done: set[int] = set()
    open_nodes = [_node_of(outputs[0])]
    while open_nodes:
        node = open_nodes[-1]
        waiting = [parent for parent in node.parent_nodes if id(parent) not in done]
        if waiting:
            open_nodes.extend(waiting)
            continue
        open_nodes.pop()
        if id(node) not in done:
            done.add(id(node))
            ordered.append(node)
    return ordered


def _node_of(tensor: Any) -> Any:
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index]
