"""A small typed graph of an int8 network, as read from a `.tflite` file.

Shapes are those of TFLite: activations `(1, height, width, channels)` or `(1, features)`.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.errors import InputError

Activation = Literal["none", "relu", "relu6", "relu_n1_to_1"]
Padding = Literal["same", "valid"]


@dataclass(frozen=True)
class Tensor:
    """One tensor.

    Attributes:
        index: Its number in the file.
        name: Its name in the file.
        shape: Its dimensions.
        dtype: NumPy's name of its element type.
        scales: float32 quantisation scales, one or one for each channel; empty when not quantised.
        zero_point: Zero point, 0 for weights and tensors that are not quantised.
        data: Constant content, or None for an activation.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    scales: npt.NDArray[np.float32]
    zero_point: int
    data: npt.NDArray[np.generic] | None = None

    @property
    def scale(self) -> float:
        """The single scale of a tensor that is quantised as a whole."""
        return float(self.scales[0])

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True)
class Op:
    """One operator.

    Attributes:
        index: Its number in the file, as messages name it.
        kind: Its name in the TFLite schema, such as `"CONV_2D"`.
        inputs: Its inputs; optional ones that are absent are None.
        output: Its only output.
        options: Settings of the operator: `stride`, `dilation`, `window` as (height, width),
            `padding`, `activation`, `multiplier`, `keep_dims`, `alpha`, `axis`, `beta`, `pad` as explicit
            (top, left, bottom, right), `part` of an operator that became several.
    """

    index: int
    kind: str
    inputs: tuple[Tensor | None, ...]
    output: Tensor
    options: dict[str, object] = field(default_factory=dict)

    def tensor(self, position: int) -> Tensor:
        """Input at `position`.

        Raises:
            InputError: The operator has no such input.
        """
        tensor = self.inputs[position] if position < len(self.inputs) else None
        if tensor is None:
            raise InputError(f"{self.label} lacks input {position}")
        return tensor

    @property
    def label(self) -> str:
        """How messages name the operator."""
        return f"operator {self.index} ({self.kind})"


@dataclass(frozen=True)
class Graph:
    """Operators in execution order, with the one input and the one output."""

    input: Tensor
    output: Tensor
    ops: tuple[Op, ...]
