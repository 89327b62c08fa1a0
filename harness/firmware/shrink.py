"""Takes the channels that carry nothing out of a `.tflite` file, with a proof that its answers stay."""

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import BuildError, InputError
from harness.firmware.eliminate import eliminate_channels
from harness.firmware.graph import Op
from harness.firmware.host import HostModel
from harness.firmware.layer import layer_name
from harness.firmware.passes import simplify
from harness.firmware.reader import read_model
from harness.firmware.shrink_file import rewrite
from harness.firmware.work import constant_bytes, op_macs

Int8s = npt.NDArray[np.int8]


@dataclass(frozen=True)
class ShrunkLayer:
    """One operator before and after.

    Attributes:
        name: As profiles and size reports name the layer.
        channels_before, channels_after: Channels of its output.
        macs_before, macs_after: Multiply-accumulates of one inference.
        bytes_before, bytes_after: Its weights and bias.
    """

    name: str
    channels_before: int
    channels_after: int
    macs_before: int
    macs_after: int
    bytes_before: int
    bytes_after: int

    @property
    def changed(self) -> bool:
        """Whether anything of it went."""
        return (self.channels_before, self.macs_before, self.bytes_before) != (
            self.channels_after,
            self.macs_after,
            self.bytes_after,
        )


@dataclass(frozen=True)
class Shrinkage:
    """What went of a model.

    Attributes:
        layers: All operators in order.
        file_bytes_before, file_bytes_after: Size of the `.tflite` file.
        compared: Samples on which both models gave the same outputs; 0 where nothing went or on request.
    """

    layers: tuple[ShrunkLayer, ...]
    file_bytes_before: int
    file_bytes_after: int
    compared: int

    @property
    def changed(self) -> bool:
        """Whether anything went."""
        return any(layer.changed for layer in self.layers)

    @property
    def macs_before(self) -> int:
        """Multiply-accumulates of one inference of the model as given."""
        return sum(layer.macs_before for layer in self.layers)

    @property
    def macs_after(self) -> int:
        """Multiply-accumulates of one inference of the model as written."""
        return sum(layer.macs_after for layer in self.layers)

    def to_json(self) -> dict[str, Any]:
        """All figures as JSON types."""
        return {**asdict(self), "macs_before": self.macs_before, "macs_after": self.macs_after}


def shrink_model(
    model: Path,
    out: Path,
    *,
    samples: npt.NDArray[np.generic] | None = None,
    random_count: int = 32,
    seed: int = 0,
) -> Shrinkage:
    """Write `model` to `out` without the channels that carry nothing.

    Before anything is written, both models run on this computer on the samples and must agree to the bit.

    Args:
        model: An int8 `.tflite` file.
        out: File to write; a copy of `model` where there is nothing to take out.
        samples: int8 `(n, *input shape without batch)` to compare on, besides random ones.
        random_count: Random samples to compare on. With 0 and no `samples` nothing is compared.
        seed: Of the random samples.

    Raises:
        InputError: The model cannot be read or run, the samples do not fit it, or `out` cannot be written.
        BuildError: The two models disagree, and nothing was written.
    """
    before = read_model(model)
    try:
        inside = simplify(before).input  # refuses what is not int8
        after = eliminate_channels(before)
    except (ValueError, TypeError, KeyError, IndexError, ArithmeticError) as error:
        raise InputError(f"{model} is a damaged TFLite model ({error}); export it again") from error
    content = model.read_bytes()
    shrunk, compared = content, 0
    chosen = _samples(inside.shape[1:], samples, random_count, seed)
    if after is not before:
        shrunk = rewrite(content, before, after)
        compared = len(chosen)
        if compared:
            _prove(model, shrunk, chosen)
    try:
        out.write_bytes(shrunk)
    except OSError as error:
        raise InputError(f"cannot write {out}: {error.strerror}") from error
    layers = tuple(_layer(old, new) for old, new in zip(before.ops, after.ops, strict=True))
    return Shrinkage(layers, len(content), len(shrunk), compared)


def read_array(path: Path) -> npt.NDArray[np.generic]:
    """The array of an `.npy` file.

    Raises:
        InputError: It cannot be read.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"cannot read {path} as an .npy array: {error}") from error
    if not isinstance(array, np.ndarray):
        raise InputError(f"{path} holds several arrays; save one with numpy.save")
    return array


def _layer(old: Op, new: Op) -> ShrunkLayer:
    def both(measure: Callable[[Op], int]) -> tuple[int, int]:
        return measure(old), measure(new)

    return ShrunkLayer(
        layer_name(old), *both(lambda op: op.output.shape[-1]), *both(op_macs), *both(constant_bytes)
    )


def _samples(
    shape: tuple[int, ...], given: npt.NDArray[np.generic] | None, random_count: int, seed: int
) -> Int8s:
    if random_count < 0:
        raise InputError(f"--random must be at least 0, not {random_count}")
    drawn = np.random.default_rng(seed).integers(-128, 128, (random_count, *shape)).astype(np.int8)
    if given is None:
        return drawn
    if given.dtype != np.int8 or given.shape[1:] != shape:
        raise InputError(
            f"the samples are {given.dtype} {given.shape}; int8 (n, {', '.join(map(str, shape))}) is needed"
        )
    return np.concatenate([given.astype(np.int8), drawn])


def _prove(model: Path, shrunk: bytes, samples: Int8s) -> None:
    """Run both models as they stand, without any elimination in between."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shrunk.tflite"
        path.write_bytes(shrunk)
        outputs = []
        for name, file in (("before", model), ("after", path)):
            place = Path(folder) / name
            place.mkdir()
            outputs.append(HostModel(file, place, eliminate=False).run(samples))
    differing = int((outputs[0] != outputs[1]).reshape(len(samples), -1).any(axis=1).sum())
    if differing:
        raise BuildError(
            f"the shrunk model answers {differing} of {len(samples)} samples differently, which is a fault "
            "of the harness; nothing was written"
        )
