"""A layer as the firmware runs it: a kernel, its parameters and constants, and the tensors it touches."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.firmware.graph import Op, Tensor
from harness.firmware.overlap import Overlap

_VALUES_PER_LINE = 24


@dataclass(frozen=True)
class Array:
    """A constant array of the generated C: `suffix` of its name, element type, initialiser text."""

    suffix: str
    c_type: str
    length: int
    values: str
    size_bytes: int


@dataclass(frozen=True)
class Layer:
    """One kernel call.

    Attributes:
        name: Short name without commas, unique in the model, shown in profiles.
        kernel: C function, named like its source file without the `_s8`.
        params_type: C type of its parameters.
        fields: Initialisers of the parameters, in C; arrays are referred to by `{suffix}`.
        arrays: Its constants.
        inputs: Activations it reads.
        output: Activation it writes.
        scratch_bytes: Working memory it needs, passed after the output.
        macs: Multiply-accumulates of one inference.
        overlap: How its output may lie over an input that no later layer reads; None for not at all.
        passes: How often an inference reads its constants from the first to the last.
    """

    name: str
    kernel: str
    params_type: str
    fields: dict[str, str]
    arrays: tuple[Array, ...]
    inputs: tuple[Tensor, ...]
    output: Tensor
    scratch_bytes: int = 0
    macs: int = 0
    overlap: Overlap | None = None
    passes: int = 1


def int_array(suffix: str, c_type: str, values: npt.NDArray[np.integer]) -> Array:
    """A constant array of integers, flattened in C order."""
    flat = values.reshape(-1).tolist()
    return Array(suffix, c_type, len(flat), _lines([str(value) for value in flat]), values.nbytes)


def _lines(values: list[str]) -> str:
    return ",\n".join(
        ", ".join(values[start : start + _VALUES_PER_LINE])
        for start in range(0, len(values), _VALUES_PER_LINE)
    )


def layer_name(op: Op) -> str:
    """`'03_conv_2d'` of the fourth operator of the file."""
    return f"{op.index:02d}_{op.kind.lower()}"
