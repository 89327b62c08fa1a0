"""Small int8 graphs put together by hand or at random, with channels that carry nothing."""

from dataclasses import dataclass, field

import numpy as np

from harness.firmware.graph import Graph, Op, Tensor

SCALE = 0.05


@dataclass
class GraphBuilder:
    """Adds one operator after the other; every method takes and gives activations.

    Attributes:
        rng: Source of weights, biases and quantisation.
        zero_rate: Share of output channels without weights, and of input channels nothing reads.
    """

    rng: np.random.Generator
    zero_rate: float = 0.0
    ops: list[Op] = field(default_factory=list)
    count: int = 0

    def activation(self, shape: tuple[int, ...], zero_point: int | None = None) -> Tensor:
        if zero_point is None:
            zero_point = int(self.rng.choice([-128, -128, 0, 127, int(self.rng.integers(-128, 128))]))
        scale = np.array([SCALE * self.rng.uniform(0.5, 2)], np.float32)
        return self._tensor(shape, "int8", scale, zero_point, None)

    def constant(self, data: np.ndarray, scales: np.ndarray | None = None) -> Tensor:
        scales = np.zeros(0, np.float32) if scales is None else scales.astype(np.float32)
        return self._tensor(data.shape, str(data.dtype), scales, 0, data)

    def _tensor(self, shape, dtype, scales, zero_point, data) -> Tensor:
        self.count += 1
        return Tensor(self.count - 1, f"t{self.count - 1}", tuple(shape), dtype, scales, zero_point, data)

    def add(self, kind: str, inputs: tuple[Tensor | None, ...], output: Tensor, **options: object) -> Tensor:
        self.ops.append(Op(len(self.ops), kind, inputs, output, options))
        return output

    def conv(
        self, x, outputs, kernel=1, stride=1, padding="same", activation="none",
        weights=None, bias=None, zero_point=None,
    ) -> Tensor:  # fmt: skip
        if weights is None:
            weights = self._sparse((outputs, kernel, kernel, x.shape[3]), axis=0)
            weights[..., self.rng.random(x.shape[3]) < self.zero_rate / 2] = 0
        outputs = weights.shape[0]
        shape = (1, *self._out(x, weights.shape[1], stride, padding), outputs)
        return self.add(
            "CONV_2D",
            (x, *self._constants(weights, outputs, bias)),
            self.activation(shape, zero_point),
            stride=(stride, stride),
            padding=padding,
            activation=activation,
        )

    def depthwise(
        self, x, kernel=3, stride=1, padding="same", multiplier=1, activation="none",
        weights=None, bias=None, zero_point=None,
    ) -> Tensor:  # fmt: skip
        outputs = x.shape[3] * multiplier
        if weights is None:
            weights = self._sparse((1, kernel, kernel, outputs), axis=3)
        shape = (1, *self._out(x, kernel, stride, padding), outputs)
        return self.add(
            "DEPTHWISE_CONV_2D",
            (x, *self._constants(weights, outputs, bias)),
            self.activation(shape, zero_point),
            stride=(stride, stride),
            padding=padding,
            activation=activation,
        )

    def dense(self, x, outputs, weights=None, bias=None, per_feature=False) -> Tensor:
        if weights is None:
            weights = self._sparse((outputs, x.size), axis=0)
        constants = self._constants(weights, weights.shape[0] if per_feature else 1, bias)
        return self.add("FULLY_CONNECTED", (x, *constants), self.activation((1, weights.shape[0])))

    def pool(self, x, kind, kernel=2, stride=1, padding="same") -> Tensor:
        shape = (1, *self._out(x, kernel, stride, padding), x.shape[3])
        output = self._tensor(shape, "int8", x.scales, x.zero_point, None)
        return self.add(
            kind, (x,), output, window=(kernel,) * 2, stride=(stride,) * 2, padding=padding, activation="none"
        )

    def mean(self, x) -> Tensor:
        axes = self.constant(np.array([1, 2], np.int32))
        return self.add("MEAN", (x, axes), self.activation((1, x.shape[3])))

    def sum(self, a, b, activation="none") -> Tensor:
        return self.add("ADD", (a, b), self.activation(a.shape), activation=activation)

    def join(self, *maps) -> Tensor:
        shape = (*maps[0].shape[:-1], sum(x.shape[-1] for x in maps))
        output = self._tensor(shape, "int8", maps[0].scales, maps[0].zero_point, None)
        return self.add("CONCATENATION", maps, output, axis=3, activation="none")

    def pad(self, x, before=1, after=1, channels=0) -> Tensor:
        paddings = np.array([[0, 0], [before, after], [before, after], [channels, channels]], np.int32)
        shape = tuple(size + int(p.sum()) for size, p in zip(x.shape, paddings, strict=True))
        output = self._tensor(shape, "int8", x.scales, x.zero_point, None)
        return self.add("PAD", (x, self.constant(paddings)), output)

    def quantize(self, x) -> Tensor:
        return self.add("QUANTIZE", (x,), self.activation(x.shape))

    def leaky_relu(self, x, alpha=0.3) -> Tensor:
        return self.add("LEAKY_RELU", (x,), self.activation(x.shape), alpha=alpha)

    def reshape(self, x, shape) -> Tensor:
        output = self._tensor(shape, "int8", x.scales, x.zero_point, None)
        return self.add("RESHAPE", (x, self.constant(np.array(shape, np.int32))), output)

    def graph(self, first: Tensor, last: Tensor) -> Graph:
        return Graph(first, last, tuple(self.ops))

    def _sparse(self, shape, axis) -> np.ndarray:
        weights = self.rng.integers(-127, 128, shape).astype(np.int8)
        empty = self.rng.random(shape[axis]) < self.zero_rate
        np.moveaxis(weights, axis, 0)[empty] = 0
        return weights

    def _constants(self, weights, scale_count, bias) -> tuple[Tensor, ...]:
        outputs = weights.shape[3 if weights.shape[0] == 1 and weights.ndim == 4 else 0]
        scales = self.rng.uniform(0.5, 2, scale_count) * 0.01
        if bias is None:
            spread = int(self.rng.choice([1, 200, 20_000]))
            bias = self.rng.integers(-spread, spread + 1, outputs)
        constants = (self.constant(weights, scales),)
        if bias is False:
            return constants
        return (*constants, self.constant(np.asarray(bias, np.int32), scales * SCALE))

    @staticmethod
    def _out(x, kernel, stride, padding) -> tuple[int, int]:
        if padding == "same":
            return -(-x.shape[1] // stride), -(-x.shape[2] // stride)
        return (x.shape[1] - kernel) // stride + 1, (x.shape[2] - kernel) // stride + 1


def random_graph(seed: int) -> Graph:
    """A network of 3 to 8 operators with branches and a tail of one of several forms."""
    rng = np.random.default_rng(seed)
    build = GraphBuilder(rng, zero_rate=float(rng.choice([0.2, 0.5, 0.8])))
    x = first = build.activation(
        (1, int(rng.integers(3, 7)), int(rng.integers(3, 6)), int(rng.integers(1, 5)))
    )
    earlier = [x]
    for _ in range(int(rng.integers(2, 6))):
        x = _random_step(build, x, earlier)
        earlier.append(x)
    tail = rng.integers(5)
    if tail == 0:
        x = build.dense(build.mean(x), 3)
    elif tail == 1:
        x = build.dense(build.reshape(x, (1, x.size)), 3, per_feature=True)
    elif tail == 2:
        x = build.dense(x, 2)
    elif tail == 3:
        x = build.dense(build.dense(build.reshape(build.mean(x), (1, x.shape[3])), 6), 2)
    return build.graph(first, x)


def _random_step(build: GraphBuilder, x: Tensor, earlier: list[Tensor]) -> Tensor:
    rng = build.rng
    activation = str(rng.choice(["none", "relu", "relu6"]))
    step = rng.integers(9)
    padding = "valid" if min(x.shape[1:3]) > 3 and rng.random() < 0.4 else "same"
    stride = int(rng.integers(1, 3))
    if step <= 2:
        bias = False if rng.random() < 0.2 else None
        kernel = int(rng.choice([1, 1, 3]))
        return build.conv(x, int(rng.integers(2, 7)), kernel, stride, padding, activation, bias=bias)
    if step == 3:
        return build.depthwise(x, 3, stride, padding, int(rng.integers(1, 3)), activation)
    if step == 4:
        return build.pool(x, str(rng.choice(["AVERAGE_POOL_2D", "MAX_POOL_2D"])), 2, stride, padding)
    if step == 5 and max(x.shape[1:3]) < 8:
        return build.pad(x, 1, int(rng.integers(0, 2)), int(rng.random() < 0.2))
    if step == 6:
        return build.quantize(x) if rng.random() < 0.5 else build.leaky_relu(x)
    alike = [
        t for t in earlier if (t.shape[:3], t.scale, t.zero_point) == (x.shape[:3], x.scale, x.zero_point)
    ]
    if rng.random() < 0.3:
        return build.join(*(alike[int(rng.integers(len(alike)))] for _ in range(int(rng.integers(2, 4)))))
    twins = [tensor for tensor in earlier if tensor.shape == x.shape]
    other = twins[int(rng.integers(len(twins)))]
    if rng.random() < 0.5:
        other = build.conv(other, x.shape[3], int(rng.choice([1, 3])), activation=activation)
    return build.sum(x, other, activation)
