"""Which channels can go: those coupled to each other go together, or stay together.

A channel is needed where something that stays reads it and its value cannot be folded into a bias.
"""

import numpy as np
import numpy.typing as npt

from harness.firmware.axes import is_spatial, joins_channels
from harness.firmware.exact import UNKNOWN, Ints
from harness.firmware.graph import Graph, Op, Tensor
from harness.firmware.known import known_channels
from harness.firmware.weighted import Mixing, mixing_of, weights_of

Bools = npt.NDArray[np.bool_]

_ELEMENTWISE = ("AVERAGE_POOL_2D", "MAX_POOL_2D", "MEAN", "QUANTIZE", "LEAKY_RELU", "ADD")


class ChannelClasses:
    """Channels of all activations in classes that can only be dropped as a whole.

    Attributes:
        pinned: Class numbers that the model's ends or an operator of unknown workings hold.
    """

    def __init__(self, graph: Graph) -> None:
        self._starts: dict[int, int] = {}
        self._counts: dict[int, int] = {}
        self._parents: list[int] = []
        pinned: list[int] = []
        for tensor in (graph.input, graph.output, *(t for op in graph.ops for t in activations(op))):
            self._register(tensor)
        for tensor in (graph.input, graph.output):
            pinned += self._members(tensor)
        for op in graph.ops:
            pinned += self._couple(op)
        roots = np.array([self._root(member) for member in range(len(self._parents))])
        _, self._numbers = np.unique(roots, return_inverse=True)
        self.count = int(self._numbers.max()) + 1
        self.pinned = np.unique(self._numbers[pinned])

    def of(self, tensor: Tensor) -> npt.NDArray[np.intp]:
        """Class number of each channel of an activation: `(channels,)`."""
        return self._numbers[self._members(tensor)]

    def _register(self, tensor: Tensor) -> None:
        if tensor.index not in self._starts:
            self._starts[tensor.index] = len(self._parents)
            self._counts[tensor.index] = tensor.shape[-1] if tensor.shape else 1
            self._parents += range(len(self._parents), len(self._parents) + self._counts[tensor.index])

    def _members(self, tensor: Tensor) -> list[int]:
        start = self._starts[tensor.index]
        return list(range(start, start + self._counts[tensor.index]))

    def _root(self, member: int) -> int:
        while self._parents[member] != member:
            self._parents[member] = self._parents[self._parents[member]]
            member = self._parents[member]
        return member

    def _join(self, a: int, b: int) -> None:
        self._parents[self._root(a)] = self._root(b)

    def _couple(self, op: Op) -> list[int]:
        """Join what `op` reads and writes channel by channel; the members that must stay."""
        if mixing_of(op) is not None:
            return []
        outputs = self._members(op.output)
        couples = _couples(op)
        if couples is None:
            return [*outputs, *(member for tensor in activations(op) for member in self._members(tensor))]
        free = set(range(len(outputs)))
        for position, source, target in couples:
            self._join(self._members(op.tensor(position))[source], outputs[target])
            free.discard(target)
        # Channels that an operator adds of itself, as a PAD of channels does.
        return [outputs[channel] for channel in free]


def activations(op: Op) -> list[Tensor]:
    """What an operator reads and writes that is not constant."""
    return [t for t in (*op.inputs, op.output) if t is not None and t.data is None]


def _couples(op: Op) -> list[tuple[int, int, int]] | None:
    """(input position, its channel, output channel) that belong together; None if nothing is known."""
    if op.tensor(0).data is not None or not op.tensor(0).shape or not op.output.shape:
        return None
    channels, outputs = op.tensor(0).shape[-1], op.output.shape[-1]
    if op.kind == "DEPTHWISE_CONV_2D":
        if weights_of(op) is None or outputs % channels:
            return None
        return [(0, channel // (outputs // channels), channel) for channel in range(outputs)]
    if op.kind == "RESHAPE" and op.tensor(0).size == op.output.size:
        if any(tensor is not None and tensor.data is None for tensor in op.inputs[1:]):
            return None
        period = min(int(np.lcm(channels, outputs)), op.output.size)
        return [(0, element % channels, element % outputs) for element in range(period)]
    if op.kind == "PAD":
        paddings = op.tensor(1).data
        if paddings is None or np.asarray(paddings).shape != (4, 2):
            return None
        front = int(np.asarray(paddings)[3, 0])
        return [(0, channel, front + channel) for channel in range(channels)]
    if op.kind == "CONCATENATION" and joins_channels(op):
        sources = [(at, c) for at in range(len(op.inputs)) for c in range(op.tensor(at).shape[-1])]
        return [(at, c, number) for number, (at, c) in enumerate(sources)]
    if op.kind not in _ELEMENTWISE or channels != outputs:
        return None
    if op.kind == "MEAN" and not is_spatial(op):
        return None
    if op.kind != "ADD":
        return [(0, channel, channel) for channel in range(channels)]
    if op.tensor(1).data is not None or op.tensor(1).shape != op.tensor(0).shape:
        return None
    return [(position, channel, channel) for position in (0, 1) for channel in range(channels)]


def find_needed(graph: Graph, classes: ChannelClasses, known: dict[int, Ints], forced: set[int]) -> Bools:
    """Which classes must stay: bool `(classes,)`.

    Args:
        graph: The operators.
        classes: Its channels.
        known: Values that do not depend on the sample, by tensor number.
        forced: Class numbers that must stay for other reasons.
    """
    needed = np.zeros(classes.count, bool)
    needed[classes.pinned] = True
    needed[list(forced)] = True
    reads = [
        (classes.of(op.tensor(0)), classes.of(op.output), _must_read(mixing, known.get(op.tensor(0).index)))
        for op in graph.ops
        if (mixing := mixing_of(op)) is not None
    ]
    before = -1
    while needed.sum() != before:
        before = needed.sum()
        for sources, outputs, must_read in reversed(reads):
            needed[sources[must_read[needed[outputs]].any(axis=0)]] = True
    return needed


def _must_read(mixing: Mixing, known: Ints | None) -> Bools:
    """Which input channel each output channel cannot do without: bool `(outputs, input channels)`."""
    must_read: Bools = (mixing.weights != 0).any(axis=1)
    if known is not None:
        for channel in np.flatnonzero(known_channels(known) & must_read.any(axis=0)):
            parts = contributions(mixing, known, int(channel))
            must_read[(parts == parts[0]).all(axis=0), channel] = False
    return must_read


def contributions(mixing: Mixing, known: Ints, channel: int) -> Ints:
    """What a known input channel adds to the accumulators: int64 `(positions, outputs)`."""
    values = known[..., channel : channel + 1]
    assert (values != UNKNOWN).all()
    taps = mixing.taps(values)[:, :, 0]
    result: Ints = taps @ mixing.weights[:, :, channel].T.astype(np.int64)
    return result
