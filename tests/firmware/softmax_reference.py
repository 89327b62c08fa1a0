"""TFLite Micro's int8 softmax in Python integers, as gemmlowp's fixed-point types define it: the oracle of the kernel.

A number written Qm.n has n bits behind the point.
"""

import math

import numpy as np

from tests.firmware.integer_reference import clamp, divide_by_power, high_mul

_ONE = (1 << 31) - 1  # of Q0.31
_LARGEST_POWER = 4  # of two, in the exponent of Q5.26


def softmax(row: np.ndarray, multiplier: int, left_shift: int, diff_min: int) -> np.ndarray:
    """Output at scale 1/256 and zero point -128 of one int8 row."""
    differences = [int(value) - int(row.max()) for value in row]
    powers = [
        exp_negative(high_mul(difference << left_shift, multiplier)) if difference >= diff_min else None
        for difference in differences
    ]
    total = sum(divide_by_power(power, 12) for power in powers if power is not None)  # Q12.19
    headroom = 32 - total.bit_length()
    share = reciprocal((total << headroom) - (1 << 31))
    out = [
        -128
        if power is None
        else clamp(divide_by_power(high_mul(share, power), 12 - headroom + 31 - 8) - 128, -128, 127)
        for power in powers
    ]
    return np.array(out, np.int8)


def exp_negative(a: int) -> int:
    """exp(a) in Q0.31 of a <= 0 in Q5.26."""
    if a == 0:
        return _ONE
    quarter = 1 << 24
    low = a % quarter - quarter
    result = _exp_above_minus_quarter(low << 5)
    for power in range(-2, _LARGEST_POWER + 1):
        if (low - a) & (1 << (26 + power)):
            result = high_mul(result, round(math.exp(-(2.0**power)) * 2**31))
    return result


def _exp_above_minus_quarter(a: int) -> int:
    """Taylor's series around -1/8 in Q0.31."""
    centre, third = round(math.exp(-1 / 8) * 2**31), round(2**31 / 3)
    x = a + (1 << 28)
    x2 = high_mul(x, x)
    x3, x4 = high_mul(x2, x), high_mul(x2, x2)
    tail = divide_by_power(high_mul(divide_by_power(x4, 2) + x3, third) + x2, 1)
    return centre + high_mul(centre, x + tail)


def reciprocal(a: int) -> int:
    """1 / (1 + a) in Q0.31 of a in [0, 1) in Q0.31: Newton's method in Q2.29."""
    half = (a + _ONE + 1) // 2
    x = round(48 / 17 * 2**29) + high_mul(half, round(-32 / 17 * 2**29))
    for _ in range(3):
        x += _saturated(high_mul(x, (1 << 29) - high_mul(half, x)) << 2)
    return _saturated(x << 1)


def _saturated(x: int) -> int:
    return clamp(x, -(1 << 31), _ONE)
