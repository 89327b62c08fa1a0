"""Cycles of each layer, as the device times them one by one."""

from dataclasses import asdict, dataclass
from typing import Any

from harness.dut import Dut
from harness.errors import MeasurementError
from harness.firmware import Image
from harness.measure.loader import Loader
from harness.measure.loading import StrictLoader

# What the layers' own times may miss of the whole: the calls between them.
_TOLERANCE = 0.01


@dataclass(frozen=True)
class LayerCycles:
    """One layer.

    Attributes:
        name: As in the model file: operator's number and kind.
        kernel: C function that runs it.
        macs: Multiply-accumulates it does.
        cycles: Core clock cycles it takes.
        constants_bytes: Flash its weights and parameters take.
    """

    name: str
    kernel: str
    macs: int
    cycles: int
    constants_bytes: int


@dataclass(frozen=True)
class LayerProfile:
    """All layers of one inference.

    Attributes:
        layers: In order of execution.
        whole_cycles: Core clock cycles of the whole inference, timed at once.
    """

    layers: tuple[LayerCycles, ...]
    whole_cycles: int

    @property
    def rest_cycles(self) -> int:
        """What no layer took: calls between the layers; negative where timing them cost more."""
        return self.whole_cycles - sum(layer.cycles for layer in self.layers)

    def to_json(self) -> dict[str, Any]:
        """The profile as JSON types."""
        return {**asdict(self), "rest_cycles": self.rest_cycles}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "LayerProfile":
        """The profile that `to_json` described."""
        return cls(tuple(LayerCycles(**layer) for layer in fields["layers"]), fields["whole_cycles"])


def measure_layers(
    dut: Dut, image: Image, sample: bytes, *, loader: Loader | None = None, timeout_s: float = 120.0
) -> LayerProfile:
    """Time one inference as a whole and then layer by layer, on the same input.

    Args:
        dut: A device that runs `image`.
        image: What it runs.
        sample: Bytes of the input tensor.
        loader: How they get there; by plain `db` commands where it is None.
        timeout_s: What one inference may take on the wall clock.

    Raises:
        MeasurementError: The device's layers are not the image's, or their sum is not the whole.
        LinkError: The line falls silent.
    """
    (loader or StrictLoader(dut)).load(sample)
    dut.infer(1, 1, timeout_s)
    whole = dut.cycles().cycles
    timed = dut.layers(timeout_s)
    if [layer.name for layer in timed] != [layer.name for layer in image.size.layers]:
        raise MeasurementError(
            f"{dut.board}: the layers that the device names are not those of the image; build it anew"
        )
    profile = LayerProfile(
        tuple(
            LayerCycles(size.name, size.kernel, macs, layer.cycles, size.constants_bytes)
            for layer, size, (_, macs) in zip(timed, image.size.layers, image.layers, strict=True)
        ),
        whole,
    )
    if abs(profile.rest_cycles) > _TOLERANCE * whole:
        raise MeasurementError(
            f"{dut.board}: the layers take {whole - profile.rest_cycles:,} cycles together and the whole inference "
            f"{whole:,}, more than {_TOLERANCE:.0%} apart; something else runs on the board"
        )
    return profile
