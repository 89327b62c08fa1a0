"""Where a network and its teacher have the same feature maps."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class SharedMap:
    """A feature map that a network has in common with its teacher.

    Attributes:
        layer: Name of the layer that gives it, in both; where a layer is used several times, its first use.
        channels: Those of the teacher's that are left in the network, int64, in the network's order.
    """

    layer: str
    channels: npt.NDArray[np.int64]
