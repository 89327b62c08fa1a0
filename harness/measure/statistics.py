"""Intervals of measured shares."""

import math

_Z_95 = 1.959963984540054


def wilson_interval(correct: int, samples: int) -> tuple[float, float]:
    """95 % interval of a share, by Wilson's score (E. B. Wilson, JASA 22, 1927).

    Args:
        correct: Samples answered rightly, in [0, samples].
        samples: Samples asked, > 0.

    Returns:
        Lower and upper end, each in [0, 1].
    """
    share = correct / samples
    z2 = _Z_95 * _Z_95
    centre = (share + z2 / (2 * samples)) / (1 + z2 / samples)
    half = _Z_95 * math.sqrt(share * (1 - share) / samples + z2 / (4 * samples**2)) / (1 + z2 / samples)
    return max(0.0, centre - half), min(1.0, centre + half)
