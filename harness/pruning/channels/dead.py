"""Takes out the channels that training has left without weights, before others are pruned.

They cost nothing on the board, since the firmware leaves them out (docs/shrink.md): a budget that counted them would be
kept without taking one channel that carries something.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from harness.pruning.channels.extract import extract
from harness.pruning.channels.groups import ChannelGraph, Kept, NodeChannels, find_groups
from harness.pruning.graph import is_layer
from harness.tasks.arrays import FloatArray
from harness.tasks.framework import load_keras

# Kernels that weight decay has shrunk to nothing are some 1e-34, the least of the others some 1e-3.
_NO_WEIGHT = 1e-9
_SAME_VALUE = 1e-5


def drop_dead_channels(model: Any, x: FloatArray) -> Any:
    """The network without the channels whose values do not depend on the input.

    A channel without weights has one value, from its bias and BatchNorm; what a pointwise convolution or dense layer makes
    of it goes into their bias, or into the mean of their BatchNorm. One whose value is not the same everywhere, since a
    padded convolution read it, stays.

    Args:
        model: Trained `keras.Model`; it keeps its weights.
        x: Some inputs, float32 `[n, ...]`: what the values are taken from.

    Returns:
        `keras.Model` with the same outputs to rounding; `model` itself where there is nothing to take out.
    """
    graph = find_groups(model)
    dead = {group: channels for group in graph.prunable if (channels := _weightless(graph, group)).any()}
    readers = [found for found in graph.consumers() if found.reads[0] in dead]
    readers = [found for found in readers if not is_layer(found.node.operation, "DepthwiseConv2D")]
    if not readers:
        return model
    values = {}
    for found, maps in zip(readers, _inputs(model, readers, x), strict=True):
        values[id(found)] = maps.mean(axis=0)
        dead[found.reads[0]] &= _can_do_without(graph, found, maps)
    if not any(channels.any() for channels in dead.values()):
        return model
    kept = {group: np.flatnonzero(~channels) for group, channels in dead.items()}
    small = extract(graph, kept, model.name)
    for found in readers:
        _fold(graph, small, found, kept, np.where(dead[found.reads[0]], values[id(found)], 0.0))
    return small


def _weightless(graph: ChannelGraph, group: int) -> npt.NDArray[np.bool_]:
    """Which channels no layer that makes them has weights for, bool `[channels]`; one stays in any case."""
    dead = np.ones(graph.sizes[group], dtype=bool)
    for found in graph.nodes:
        layer = found.node.operation
        if found.makes == group and is_layer(layer, "Conv2D", "Dense"):
            weights = np.abs(np.asarray(layer.kernel)).reshape(-1, graph.sizes[group]).max(axis=0)
            dead &= weights <= _NO_WEIGHT * weights.max()
    dead[0] &= not dead.all()
    return dead


def _inputs(model: Any, readers: list[NodeChannels], x: FloatArray) -> list[npt.NDArray[np.float32]]:
    """What each reader reads, as float32 `[places of all samples, channels]`."""
    tensors = [found.node.parent_nodes[0].outputs[0] for found in readers]
    asked = load_keras().Model(model.inputs, {str(number): one for number, one in enumerate(tensors)})
    maps: Any = asked.predict(x, verbose=0)
    return [
        maps[str(number)].reshape(-1, maps[str(number)].shape[-1] // found.places)
        for number, found in enumerate(readers)
    ]


def _can_do_without(
    graph: ChannelGraph, found: NodeChannels, maps: npt.NDArray[np.float32]
) -> npt.NDArray[np.bool_]:
    """Which channels `found` can do without, bool `[channels]`."""
    same: npt.NDArray[np.bool_] = np.ptp(maps, axis=0) <= _SAME_VALUE
    if _takes_constants(graph, found):
        return same
    zero: npt.NDArray[np.bool_] = np.abs(maps).max(axis=0) <= _SAME_VALUE
    return zero


def _takes_constants(graph: ChannelGraph, found: NodeChannels) -> bool:
    """Whether what constant channels add to the sums of `found` is the same everywhere and can be put elsewhere."""
    layer = found.node.operation
    reads_once = is_layer(layer, "Dense") or tuple(layer.kernel_size) == (1, 1)
    used_once = sum(one.node.operation is layer for one in graph.nodes) == 1
    return reads_once and used_once and (layer.use_bias or _norm_after(graph, found) is not None)


def _norm_after(graph: ChannelGraph, found: NodeChannels) -> Any:
    """The BatchNorm that alone reads what `found` makes, or None."""
    after = [one.node.operation for one in graph.nodes if found.node in one.node.parent_nodes]
    return after[0] if len(after) == 1 and is_layer(after[0], "BatchNormalization") else None


def _fold(
    graph: ChannelGraph, small: Any, found: NodeChannels, kept: Kept, values: npt.NDArray[np.float32]
) -> None:
    """Put what dropped channels of these values, `[channels]`, gave to `found`'s sums into what follows."""
    if not _takes_constants(graph, found):
        return  # what is dropped there was 0
    kernel = np.asarray(found.node.operation.kernel)
    given = np.tile(values, found.places) @ kernel.reshape(-1, kernel.shape[-1])
    given = given[kept.get(found.makes, slice(None))]
    if not given.any():
        return
    layer = small.get_layer(found.node.operation.name)
    if layer.use_bias:
        layer.bias.assign_add(given)
    else:
        small.get_layer(_norm_after(graph, found).name).moving_mean.assign_sub(given)
