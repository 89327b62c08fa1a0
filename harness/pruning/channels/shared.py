"""The feature maps that a thinned network shares with the whole one."""

import numpy as np

from harness.pruning.channels.groups import ChannelGraph, Kept
from harness.pruning.graph import ELEMENTWISE, is_layer, readers_of
from harness.tasks.shared_map import SharedMap

_MAKERS = ("Conv2D", "DepthwiseConv2D", "Dense", "Add", *ELEMENTWISE)


def shared_maps(graph: ChannelGraph, kept: Kept) -> tuple[SharedMap, ...]:
    """What each layer gives after its BatchNorm and activation, channels that stay alone, front to back.

    Pooled and flattened maps say nothing that these do not.

    Args:
        graph: The whole network.
        kept: What stays.
    """
    nodes = [found.node for found in graph.nodes]
    found: dict[str, SharedMap] = {}
    for made, readers in zip(graph.nodes, readers_of(nodes), strict=True):
        layer = made.node.operation
        goes_on = any(is_layer(nodes[reader].operation, *ELEMENTWISE) for reader in readers)
        flattened = made.node.outputs[0].shape[-1] != graph.sizes[made.makes]
        if made.makes in kept and is_layer(layer, *_MAKERS) and not goes_on and not flattened:
            found.setdefault(layer.name, SharedMap(layer.name, np.asarray(kept[made.makes])))
    return tuple(found.values())
