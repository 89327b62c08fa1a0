"""What int8 values become by activations that bend each by itself."""

import numpy as np

from harness.firmware.exact import Ints, rescale, to_int8
from harness.firmware.fixedpoint import rescale_from_real
from harness.firmware.graph import Op


def leaky_relu(op: Op, values: Ints) -> Ints:
    """LEAKY_RELU: one factor for values from the zero point on, another below.

    Args:
        op: The operator.
        values: int64 of any shape, in [-128, 127].
    """
    source, alpha = op.tensor(0), np.float32(float(str(op.options["alpha"])))
    # TFLite multiplies the two scales and alpha in single precision.
    factors = (
        source.scales[0] / op.output.scales[0],
        source.scales[0] * alpha / op.output.scales[0],
    )
    above, below = (
        rescale(values - source.zero_point, [rescale_from_real(float(factor))]) for factor in factors
    )
    return to_int8(np.where(values >= source.zero_point, above, below), op.output.zero_point, -128, 127)
