"""The dense network that is left when channels are dropped."""

from typing import Any

import numpy as np
import numpy.typing as npt

from harness.pruning.channels.groups import ChannelGraph, Kept, NodeChannels
from harness.pruning.graph import is_layer
from harness.tasks.framework import load_keras


def extract(graph: ChannelGraph, kept: Kept, name: str) -> Any:
    """Build the network of the kept channels, with their weights.

    It computes what the whole network computes when the channels that are dropped are 0 wherever a layer with
    weights reads them.

    Args:
        graph: The whole network.
        kept: What stays.
        name: Of the new model.

    Returns:
        `keras.Model` that shares nothing with the whole one.
    """
    keras = load_keras()
    made: dict[int, Any] = {}
    inputs: Any = None
    filled: list[tuple[Any, list[npt.NDArray[np.float32]]]] = []
    copies: dict[int, Any] = {}
    for found in graph.nodes:
        node, layer = found.node, found.node.operation
        read = [made[id(parent)] for parent in node.parent_nodes]
        if not read:
            inputs = made[id(node)] = keras.Input(node.outputs[0].shape[1:], name=f"{name}_input")
            continue
        if id(layer) not in copies:
            copies[id(layer)] = _copy(graph, found, kept)
            filled.append((copies[id(layer)], _weights(graph, found, kept)))
        made[id(node)] = copies[id(layer)](read[0] if len(read) == 1 else read)
    model = keras.Model(inputs, made[id(graph.nodes[-1].node)], name=name)
    for copy, weights in filled:
        if weights:
            copy.set_weights(weights)
    return model


def _copy(graph: ChannelGraph, found: NodeChannels, kept: Kept) -> Any:
    layer = found.node.operation
    config = layer.get_config()
    count = len(_channels(graph, kept, found.makes))
    if is_layer(layer, "Conv2D") and not is_layer(layer, "DepthwiseConv2D"):
        config["filters"] = count
    elif is_layer(layer, "Dense"):
        config["units"] = count
    elif is_layer(layer, "Reshape") and len(found.node.outputs[0].shape) == 2:
        return load_keras().layers.Flatten(name=layer.name)
    return type(layer).from_config(config)


def _weights(graph: ChannelGraph, found: NodeChannels, kept: Kept) -> list[npt.NDArray[np.float32]]:
    """The layer's weights without what is dropped."""
    layer = found.node.operation
    weights = [np.asarray(weight) for weight in layer.get_weights()]
    makes = _channels(graph, kept, found.makes)
    if is_layer(layer, "DepthwiseConv2D"):
        return [weights[0][:, :, makes], *(bias[makes] for bias in weights[1:])]
    if is_layer(layer, "Conv2D"):
        reads = _channels(graph, kept, found.reads[0])
        return [weights[0][:, :, reads][..., makes], *(bias[makes] for bias in weights[1:])]
    if is_layer(layer, "Dense"):
        reads = _channels(graph, kept, found.reads[0])
        size = graph.sizes[found.reads[0]]
        rows = (np.arange(found.places)[:, None] * size + reads).reshape(-1)
        return [weights[0][rows][:, makes], *(bias[makes] for bias in weights[1:])]
    if is_layer(layer, "BatchNormalization", "PReLU"):
        return [weight[..., makes] for weight in weights]
    return weights


def _channels(graph: ChannelGraph, kept: Kept, group: int) -> npt.NDArray[np.int64]:
    return kept.get(group, np.arange(graph.sizes[group]))
