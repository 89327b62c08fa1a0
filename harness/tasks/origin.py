"""What a network was made of, and where both still have the same feature maps."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class SharedMap:
    """A feature map that a network has in common with the one it was made of.

    Attributes:
        layer: Name of the layer that gives it, in both; where a layer is used several times, its first use.
        channels: Those of the other network's that are left in this one, int64, in this one's order.
    """

    layer: str
    channels: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Origin:
    """The trained network that another one was made of.

    Attributes:
        model: `keras.Model`.
        maps: What the two share.
    """

    model: Any
    maps: tuple[SharedMap, ...]
