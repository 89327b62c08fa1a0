"""Constants of an image that takes float32 and tells how badly its model rebuilds them, all in integers.

A real factor is `multiplier * 2**-shift` with a multiplier of 32 bits, as in TensorFlow Lite's requantisation.
"""

import math

from harness.errors import InputError
from harness.firmware.plan import ModelPlan

# Real values of both tensors are compared in units of 2**-_WEIGHT_BITS of the larger scale.
_WEIGHT_BITS = 18
# The firmware's sum of squares has 64 bits.
_MOST_VALUES = 1024


def rebuilding_constants(plan: ModelPlan, model_id: str) -> dict[str, int]:
    """Names and values of the firmware's constants.

    Args:
        plan: The model.
        model_id: For the message.

    Raises:
        InputError: The model's output is not its input rebuilt.
    """
    given, rebuilt = plan.input, plan.output
    count = given.size_bytes
    if rebuilt.size_bytes != count or not plan.keeps_input or count > _MOST_VALUES:
        raise InputError(
            f"model id {model_id} is for autoencoders and this model makes {rebuilt.size_bytes} values of {count}; "
            "choose another model id, such as custom"
        )
    unit = max(given.scale, rebuilt.scale) / 2**_WEIGHT_BITS
    steps, steps_shift = _fixed(1 / given.scale)
    error, error_shift = _fixed(1000 * unit**2 / count)
    return {
        "INPUT_ZERO_POINT": given.zero_point,
        "STEPS_MULTIPLIER": steps,
        "STEPS_SHIFT": steps_shift,
        "INPUT_WEIGHT": round(given.scale / unit),
        "OUTPUT_WEIGHT": round(rebuilt.scale / unit),
        "ERROR_MULTIPLIER": error,
        "ERROR_SHIFT": error_shift,
    }


def _fixed(factor: float) -> tuple[int, int]:
    """The factor (above 0) as a multiplier of 32 bits and a shift."""
    mantissa, exponent = math.frexp(factor)
    return min(round(mantissa * 2**32), 2**32 - 1), 32 - exponent
