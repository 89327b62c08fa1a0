"""What a build gives: the image's files, identity and sizes."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class TensorSpec:
    """The model's input or output as the board takes or gives it: int8, batch 1.

    A real value is `(q - zero_point) * scale`.
    """

    name: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int

    @property
    def size_bytes(self) -> int:
        """Bytes of the tensor."""
        return int(np.prod(self.shape, dtype=np.int64))

    def dequantize(self, values: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
        """Real values of int8 ones, any shape."""
        return (values.astype(np.float64) - self.zero_point) * self.scale


@dataclass(frozen=True)
class LayerSize:
    """A layer's name, the kernel that runs it, and the bytes of flash its constants take."""

    name: str
    kernel: str
    constants_bytes: int


@dataclass(frozen=True)
class SizeReport:
    """Bytes of the image by part.

    Attributes:
        flash_bytes: All that is programmed.
        ram_bytes: All that is reserved: arena, stack reserve and the rest.
        stack_bytes: The stack's reserve: its bound, and room for a fault to be told.
        stack_bound_bytes: What the program can use of it at most.
        arena_bytes: Activations, input and output included.
        weights_bytes: Constants of the layers.
        code_bytes: The rest of the flash.
        parts: Part of the flash -> bytes; their sum is `flash_bytes`.
        layers: What each layer's constants take, in order.
    """

    flash_bytes: int
    ram_bytes: int
    stack_bytes: int
    stack_bound_bytes: int
    arena_bytes: int
    weights_bytes: int
    code_bytes: int
    parts: dict[str, int]
    layers: tuple[LayerSize, ...]

    @property
    def static_bytes(self) -> int:
        """RAM that is neither arena nor stack: the protocol's line buffer and counters."""
        return self.ram_bytes - self.arena_bytes - self.stack_bytes

    @property
    def ram_parts(self) -> dict[str, int]:
        """Part of the RAM -> bytes, and their sum as `all`."""
        return {
            "arena": self.arena_bytes,
            "stack": self.stack_bytes,
            "protocol": self.static_bytes,
            "all": self.ram_bytes,
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "SizeReport":
        """The report whose fields these are."""
        return cls(**{**fields, "layers": tuple(LayerSize(**layer) for layer in fields["layers"])})


@dataclass(frozen=True)
class Image:
    """A built firmware image.

    Attributes:
        elf_path: The linked image with symbols; `hex_path` beside it is what is flashed.
        kind: Name of the board kind it was built for.
        model_sha256: Hash of the `.tflite` file.
        image_sha256: Hash of the bytes that go into flash.
        build_id: 16 hexadecimal digits that the running image reports.
        mode: EnergyRunner mode, `"performance"` or `"energy"`.
        compiler: Name and version of the compiler.
        flags: Its options.
        model_id: What the command `profile` answers.
        macs: Multiply-accumulates of one inference that are carried out.
        nominal_macs: Those of the model's file, before channels that carry nothing were dropped.
        layers: Names and multiply-accumulates of its layers, in order.
    """

    elf_path: Path
    hex_path: Path
    kind: str
    model_sha256: str
    image_sha256: str
    build_id: str
    mode: str
    compiler: str
    flags: str
    model_id: str
    macs: int
    nominal_macs: int
    layers: tuple[tuple[str, int], ...]
    size: SizeReport
    input: TensorSpec
    output: TensorSpec

    def to_json(self) -> dict[str, Any]:
        """All fields as JSON types, for the store."""
        fields = asdict(self)
        return {**fields, "elf_path": str(self.elf_path), "hex_path": str(self.hex_path)}

    @classmethod
    def from_json(cls, fields: dict[str, Any], elf_path: Path, hex_path: Path) -> "Image":
        """The image that `to_json` described, its files now at the given paths."""
        spec = {
            key: TensorSpec(**{**fields[key], "shape": tuple(fields[key]["shape"])})
            for key in ("input", "output")
        }
        return cls(
            **{
                **fields,
                **spec,
                "elf_path": elf_path,
                "hex_path": hex_path,
                "layers": tuple((name, macs) for name, macs in fields["layers"]),
                "size": SizeReport.from_json(fields["size"]),
            }
        )
