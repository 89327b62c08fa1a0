"""By how much one model is less accurate than another on a fixed set of samples, decided as answers come in.

Both models are asked the same samples in one random order, so the differences d (1 where only the other is right, -1
where only this one is, 0 for the rest: McNemar's pairs, Psychometrika 12, 1947) are drawn from a finite set without
replacement. Whether their mean over the whole set is above or below a bound is tested by betting, after each answer:
I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024), section 5.
The capital of a bet against a true bound is a martingale, so by Ville's inequality it ever reaches 1 / p with
probability at most p: the test may be looked at after every sample.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

ERROR = 0.01
"""Probability, at most, that the whole set would have said otherwise; half of it on either side."""

# Stakes as shares of the largest that cannot lose everything at once; capital is spread evenly over them.
_STAKES = np.array([0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9])
_CAPITAL = 2.0 / ERROR

Flags = npt.NDArray[np.bool_]
"""Which samples were answered rightly, in the order asked."""

Side = Literal["above", "below"]


@dataclass
class DropTest:
    """Whether the drop over the whole set is above or below a bound.

    Attributes:
        other: Which of all samples the other model answers rightly, bool `[n]`.
        bound: The drop that decides, a share in [-1, 1]. A drop equal to it counts as below.
        side: What has been decided, if anything.
    """

    other: Flags
    bound: float
    side: Side | None = None
    _asked: int = 0
    _sum: int = 0
    _up: npt.NDArray[np.float64] = field(default_factory=lambda: np.ones(len(_STAKES)))
    _down: npt.NDArray[np.float64] = field(default_factory=lambda: np.ones(len(_STAKES)))

    def add(self, right: bool) -> Side | None:
        """Take the next answer into account; gives what has been decided so far."""
        total = len(self.other)
        difference = int(self.other[self._asked]) - int(right)
        if self.side is None:
            # Mean of what is left, if the whole set's were the bound.
            mean = (total * self.bound - self._sum) / (total - self._asked)
            if -1 < mean < 1:
                self._up *= 1 + _STAKES / (1 + mean) * (difference - mean)
                self._down *= 1 - _STAKES / (1 - mean) * (difference - mean)
        self._asked += 1
        self._sum += difference
        if self.side is None:
            self.side = self._decided()
        return self.side

    def _decided(self) -> Side | None:
        low, high = _certain(self._sum, self.other, self._asked)
        if low > self.bound + 1e-12:
            return "above"
        if high <= self.bound + 1e-12:
            return "below"
        if self._up.mean() >= _CAPITAL:
            return "above"
        return "below" if self._down.mean() >= _CAPITAL else None


def _certain(summed: int, other: Flags, asked: int) -> tuple[float, float]:
    """What the drop cannot be below or above, whatever the answers to the samples not yet asked."""
    left = other[asked:]
    return (summed - int((~left).sum())) / len(other), (summed + int(left.sum())) / len(other)


@dataclass(frozen=True)
class Drop:
    """By how much a model is less accurate than another on the same samples.

    Attributes:
        share: Over the samples asked, in [-1, 1]; below 0 where it is more accurate.
        low: Lower end of its interval.
        high: Upper end.
        samples: Samples asked.
        of: Samples in the set.
    """

    share: float
    low: float
    high: float
    samples: int
    of: int

    @property
    def points(self) -> str:
        """In percentage points with its interval: `5.8 (3.1 to 8.6)`."""
        return f"{self.share * 100:.1f} ({self.low * 100:.1f} to {self.high * 100:.1f})"


def measure_drop(other: Flags, right: Flags) -> Drop:
    """The drop from `other`, bool `[n]`, to `right`, bool `[m]`, m <= n, with its interval.

    Where all n samples were asked, the interval says how far another such set of samples could differ: 95 %, from the
    discordant pairs (Wald's, as in A. Agresti, Categorical Data Analysis, 10.1.1). Where asking stopped earlier it
    says where the drop over all n lies: `1 - ERROR`, valid whenever asking stopped.
    """
    asked, total = len(right), len(other)
    differences = other[:asked].astype(np.int64) - right.astype(np.int64)
    share = float(differences.mean())
    if asked < total:
        return Drop(share, *_always_valid(other, differences), asked, total)
    half = 1.959963984540054 * float(np.sqrt(np.mean(differences**2) - share**2) / np.sqrt(total))
    return Drop(share, share - half, share + half, asked, total)


def _always_valid(other: Flags, differences: npt.NDArray[np.int64]) -> tuple[float, float]:
    """The drops over the whole set against which no bet has reached the capital that decides."""
    total, asked = len(other), len(differences)
    low, high = _certain(int(differences.sum()), other, asked)
    drops = np.arange(round(low * total), round(high * total) + 1) / total
    up = np.ones((len(drops), len(_STAKES)))
    down = up.copy()
    refuted = np.zeros(len(drops), np.bool_)
    summed = 0
    for number, difference in enumerate(differences):
        mean = (total * drops - summed) / (total - number)
        bet = (mean > -1) & (mean < 1)
        safe = np.where(bet, mean, 0.0)[:, None]
        up *= np.where(bet[:, None], 1 + _STAKES / (1 + safe) * (difference - safe), 1.0)
        down *= np.where(bet[:, None], 1 - _STAKES / (1 - safe) * (difference - safe), 1.0)
        refuted |= np.maximum(up.mean(axis=1), down.mean(axis=1)) >= _CAPITAL
        summed += int(difference)
    left = drops[~refuted] if not refuted.all() else np.array([float(differences.mean())])
    return float(left.min()), float(left.max())
