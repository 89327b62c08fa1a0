"""A network with a gate on every prunable channel."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.pruning.channels.groups import ChannelGraph, find_groups
from harness.pruning.graph import is_layer
from harness.pruning.statistics import keep_statistics
from harness.tasks.framework import load_keras, load_tensorflow

# Where a gate starts: open, and nearer to closing the less its channel weighs.
_LOWEST, _HIGHEST = 0.8, 1.2


class GatedModel:
    """A copy of a network whose weighted layers read their channels through gates.

    A gate is `sigmoid(steepness * strength)`, over what it would be at the strength it began with: it begins at 1, so
    that the network is what it was, and with growing steepness it comes near to 0 or 1. When it is known which channels
    stay, `settled` takes all gates to exactly that. A channel whose gate is 0 reaches no layer with weights, so dropping
    it changes nothing. BatchNorm keeps its statistics, which came from more samples than there may be here: with them
    closed gates leave exactly what is extracted.

    Args:
        model: The trained network; it keeps its weights.

    Attributes:
        graph: Channel groups of the copy.
        strengths: Group -> TensorFlow variable, float32 `[channels]`.
        steepness: TensorFlow variable, a scalar.
        stays: Group -> TensorFlow variable, float32 `[channels]`: 1 where a channel stays, 0 where it goes.
        settled: TensorFlow variable, a scalar in [0, 1]: how far gates are what `stays` says.
        model: The gated network as `keras.Model`.
        bare: The copy without gates, sharing its weights.
    """

    def __init__(self, model: Any) -> None:
        keras, tf = load_keras(), load_tensorflow()
        self.bare = keras.models.clone_model(model)
        self.bare.set_weights(model.get_weights())
        self.bare.trainable = True
        keep_statistics(self.bare.layers)
        self.graph = find_groups(self.bare)
        self.steepness = tf.Variable(1.0, trainable=False, dtype=tf.float32)
        self.strengths = {
            group: tf.Variable(_initial(self.graph, group), dtype=tf.float32)
            for group in sorted(self.graph.prunable)
        }
        self.settled = tf.Variable(0.0, trainable=False, dtype=tf.float32)
        self.stays = {
            group: tf.Variable(tf.ones_like(strength), trainable=False)
            for group, strength in self.strengths.items()
        }
        self.model = self._gated()

    @property
    def weights(self) -> list[Any]:
        """The network's own trainable variables."""
        return list(self.bare.trainable_variables)

    def gates(self) -> dict[int, Any]:
        """Group -> its gates in [0, 1], `[channels]`."""
        tf = load_tensorflow()
        return {group: tf.sigmoid(self.steepness * value) for group, value in self.strengths.items()}

    def widths(self) -> dict[int, Any]:
        """Group -> sum of its gates."""
        tf = load_tensorflow()
        return {group: tf.reduce_sum(gate) for group, gate in self.gates().items()}

    @contextmanager
    def only(self, kept: Mapping[int, npt.NDArray[np.int64]]) -> Iterator[None]:
        """Within it gates of channels that are not `kept` are 0, the others as they were."""
        before = {group: value.numpy() for group, value in self.strengths.items()}
        try:
            for group, channels in kept.items():
                stays = np.isin(np.arange(self.graph.sizes[group]), channels)
                self.strengths[group].assign(np.where(stays, before[group], -np.inf))
            yield
        finally:
            for group, value in before.items():
                self.strengths[group].assign(value)

    def _gated(self) -> Any:
        keras = load_keras()
        made: dict[int, Any] = {}
        inputs: Any = None
        consumers = {id(found.node): found for found in self.graph.consumers()}
        for found in self.graph.nodes:
            node = found.node
            read = [made[id(parent)] for parent in node.parent_nodes]
            if not read:
                inputs = made[id(node)] = keras.Input(node.outputs[0].shape[1:], name="gated_input")
                continue
            if id(node) in consumers:
                read[0] = self._gate(found.reads[0], found.places)(read[0])
            made[id(node)] = node.operation(read[0] if len(read) == 1 else read)
        return keras.Model(inputs, made[id(self.graph.nodes[-1].node)])

    def _gate(self, group: int, places: int) -> Any:
        keras, tf = load_keras(), load_tensorflow()
        strength, steepness, settled = self.strengths[group], self.steepness, self.settled
        begun = tf.constant(strength.numpy())

        def apply(x: Any) -> Any:
            gate = tf.sigmoid(steepness * strength) / tf.sigmoid(steepness * begun)
            gate = (1 - settled) * gate + settled * self.stays[group]
            return x * (tf.tile(gate, [places]) if places > 1 else gate)

        return keras.layers.Lambda(apply, output_shape=lambda shape: shape)


def _initial(graph: ChannelGraph, group: int) -> npt.NDArray[np.float32]:
    """Starting strengths by rank: what a channel's makers and BatchNorm give it, what its readers take."""
    weight = np.ones(graph.sizes[group])
    for found in graph.nodes:
        layer = found.node.operation
        makes = is_layer(layer, "Conv2D", "Dense") and found.makes == group
        if makes:
            kernel = np.asarray(layer.kernel)
            weight = weight * (np.sqrt(np.square(kernel.reshape(-1, kernel.shape[-1])).sum(axis=0)) + 1e-9)
        if is_layer(layer, "BatchNormalization") and found.makes == group and layer.scale:
            variance = np.asarray(layer.moving_variance) + layer.epsilon
            weight = weight * (np.abs(np.asarray(layer.gamma)) / np.sqrt(variance) + 1e-9)
    rank = np.argsort(np.argsort(weight, kind="stable"), kind="stable") / max(len(weight) - 1, 1)
    return (_LOWEST + (_HIGHEST - _LOWEST) * rank).astype(np.float32)
