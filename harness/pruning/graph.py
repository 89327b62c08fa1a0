"""A Keras model as a list of nodes, and what each of them costs."""

from math import prod
from typing import Any

from harness.errors import InputError
from harness.tasks.framework import load_keras

ACTIVATIONS = ("ReLU", "LeakyReLU", "PReLU", "ELU")
ELEMENTWISE = (*ACTIVATIONS, "Activation", "BatchNormalization", "Dropout", "SpatialDropout2D")
_SAME_BYTES = ("Flatten", "Reshape")


def is_layer(layer: Any, *names: str) -> bool:
    """Whether `layer` is of one of these classes of `keras.layers`, or of a class made from one."""
    layers = load_keras().layers
    return isinstance(layer, tuple(getattr(layers, name) for name in names))


def topological_nodes(model: Any) -> list[Any]:
    """The graph's nodes (one a use of a layer), each after all that it reads.

    Raises:
        InputError: The model has several inputs or outputs, or is not a graph of layers.
    """
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


def readers_of(nodes: list[Any]) -> list[list[int]]:
    """For each node the positions of those that read it, ascending."""
    position = {id(node): number for number, node in enumerate(nodes)}
    readers: list[list[int]] = [[] for _ in nodes]
    for number, node in enumerate(nodes):
        for parent in node.parent_nodes:
            readers[position[id(parent)]].append(number)
    return readers


def count_params(nodes: list[Any]) -> int:
    """Weights of the nodes' layers, BatchNorm's four a channel included."""
    layers = {id(node.operation): node.operation for node in nodes}
    return sum(layer.count_params() for layer in layers.values() if hasattr(layer, "count_params"))


def count_macs(node: Any) -> int:
    """Multiply-accumulates of one use of a layer; layers without a kernel product count as 0."""
    layer, shape = node.operation, node.outputs[0].shape
    if is_layer(layer, "Dense"):
        return int(prod(shape[1:-1]) * prod(layer.kernel.shape))
    if is_layer(layer, "Conv2D", "DepthwiseConv2D"):
        return int(prod(shape[1:3]) * prod(layer.kernel.shape))
    return 0


def peak_bytes(nodes: list[Any]) -> int:
    """Most bytes of int8 activations alive at once when the nodes are run one after the other.

    Every tensor lives from the node that makes it to the last that reads it, as an interpreter such as TFLite
    Micro plans it; BatchNorm, activations and reshapes are part of what they follow. Weights are not counted, and
    an image can need less: its kernels may write over their inputs.

    Args:
        nodes: In topological order; the last one's output is the result.
    """
    position = {id(node): number for number, node in enumerate(nodes)}
    owner: list[int] = []  # the node that makes the tensor which a node's output lies in
    last_use: dict[int, int] = {}
    for number, node in enumerate(nodes):
        sources = [owner[position[id(parent)]] for parent in node.parent_nodes]
        for source in sources:
            last_use[source] = number
        owner.append(
            sources[0] if sources and is_layer(node.operation, *ELEMENTWISE, *_SAME_BYTES) else number
        )
    last_use[owner[-1]] = len(nodes)
    size = {made: int(prod(nodes[made].outputs[0].shape[1:])) for made in set(owner)}
    return max(
        sum(size[made] for made in size if made <= number <= last_use.get(made, made))
        for number in range(len(nodes))
    )


def _node_of(tensor: Any) -> Any:
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index]
