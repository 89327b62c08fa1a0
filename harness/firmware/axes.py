"""Along which axes an operator works."""

import numpy as np

from harness.firmware.graph import Op


def is_spatial(op: Op) -> bool:
    """Whether a MEAN or REDUCE_MAX is over height and width, which leaves each channel on its own."""
    axes = op.tensor(1).data
    return axes is not None and sorted(int(axis) % 4 for axis in np.asarray(axes).reshape(-1)) == [1, 2]


def joins_channels(op: Op) -> bool:
    """Whether a CONCATENATION is of the channels of activations that are all quantised alike."""
    tensors = [op.tensor(position) for position in range(len(op.inputs))]
    alike = {
        (t.dtype, t.scale, t.zero_point, t.shape[:-1]) for t in (*tensors, op.output) if t.scales.size == 1
    }
    axis, rank = int(str(op.options.get("axis", 0))), len(op.output.shape)
    return (
        axis in (-1, rank - 1)
        and len(alike) == 1
        and all(t.data is None and t.scales.size == 1 for t in tensors)
    )
