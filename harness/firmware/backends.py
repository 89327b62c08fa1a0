"""Which kernel runs a layer with weights: the one written for the core if it can, else plain C."""

from dataclasses import dataclass
from typing import Protocol

from harness.firmware import armv6m, armv7em, portable
from harness.firmware.fixedpoint import Rescale
from harness.firmware.packed import Int8s, Int32s, Packed
from harness.firmware.shapes import Geometry


class Backend(Protocol):
    """The kernels of one core. `None` says that the values or shapes are not among what they run."""

    NAME: str

    def pack_product(
        self, weights: Int8s, bias: Int32s, rescales: list[Rescale], out_zero_point: int
    ) -> Packed | None:
        """Weights `(outputs, window rows, inputs of a row)`, folded biases and rescales of each output."""

    def pack_dense(
        self, weights: Int8s, bias: Int32s, rescales: list[Rescale], out_zero_point: int
    ) -> Packed | None:
        """Weights `(outputs, inputs)`, folded biases and rescales of each output."""

    def pack_depthwise(
        self,
        weights: Int8s,
        bias: Int32s,
        rescales: list[Rescale],
        out_zero_point: int,
        geometry: Geometry,
    ) -> Packed | None:
        """Weights `(channels, window_h * window_w)` with one output for each input channel."""

    def pack_add(
        self, size: int, zero_points: tuple[int, int, int], rescales: tuple[Rescale, Rescale]
    ) -> list[int] | None:
        """Constants of an addition; zero points of both operands and the output, rescales of the second
        operand (the first one's is a half) and of the output."""

    def can_pool(self, geometry: Geometry, channels: int) -> bool:
        """Whether there are averages (AVERAGE_POOL_2D, MEAN) for this shape."""


@dataclass(frozen=True)
class Target:
    """What code is generated for.

    Attributes:
        backend: The kernels of a core, or None for plain C alone.
        has_small_dense: Whether dense layers are so small that the convolution's kernel serves them too,
            which saves the code of their own.
    """

    backend: Backend | None
    has_small_dense: bool = False

    def product(self, weights: Int8s, bias: Int32s, rescales: list[Rescale], out_zero_point: int) -> Packed:
        """Constants of a convolution."""
        packed = None
        if self.backend:
            packed = self.backend.pack_product(weights, bias, rescales, out_zero_point)
        return packed or portable.pack_product(weights, bias, rescales)

    def dense(self, weights: Int8s, bias: Int32s, rescales: list[Rescale], out_zero_point: int) -> Packed:
        """Constants of a dense layer."""
        packed = self.backend.pack_dense(weights, bias, rescales, out_zero_point) if self.backend else None
        return packed or portable.pack_product(weights, bias, rescales)

    def depthwise(
        self,
        weights: Int8s,
        bias: Int32s,
        rescales: list[Rescale],
        out_zero_point: int,
        geometry: Geometry,
        in_channels: int,
    ) -> Packed:
        """Constants of a depthwise convolution."""
        packed = None
        if self.backend and in_channels == len(weights):
            packed = self.backend.pack_depthwise(weights, bias, rescales, out_zero_point, geometry)
        return packed or portable.pack_depthwise(weights, bias, rescales)


HOST = Target(None)
_BACKENDS: dict[str, Backend | None] = {"cortex-m0": armv6m, "cortex-m4": armv7em}


def target_of(core: str) -> Target:
    """The target of a board's core, `"cortex-m0"` or `"cortex-m4"`."""
    return Target(_BACKENDS[core])
