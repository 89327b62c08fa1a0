"""Shares and ranks with their intervals."""

import math

import numpy as np
import numpy.typing as npt

_Z_95 = 1.959963984540054
_RESAMPLES = 500


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


def auc(scores: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]) -> float:
    """Area under the ROC curve; with more than two classes the mean of one class against the rest.

    Args:
        scores: float64 `(n,)`, larger for class 1, or `(n, classes)`, one score a class.
        labels: Classes, int64 `(n,)`; at least two of them occur.

    Returns:
        In [0, 1]: how often a sample of the class scores above one of another, ties counting half.
        Classes that have no sample, or all of them, are left out of the mean.
    """
    if scores.ndim == 1:
        return _area(scores, labels == 1)
    found = [
        _area(scores[:, chosen], labels == chosen)
        for chosen in range(scores.shape[1])
        if 0 < int((labels == chosen).sum()) < len(labels)
    ]
    return float(np.mean(found))


def auc_interval(
    scores: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], seed: int = 0
) -> tuple[float, float]:
    """95 % interval of `auc`, by the bootstrap's percentiles; each class keeps its number of samples.

    Args:
        scores: As for `auc`.
        labels: As for `auc`.
        seed: Of the resampling; the same gives the same interval.
    """
    random = np.random.default_rng(seed)
    classes = [np.flatnonzero(labels == chosen) for chosen in np.unique(labels)]
    areas = []
    for _ in range(_RESAMPLES):
        rows = np.concatenate([random.choice(rows, len(rows)) for rows in classes])
        areas.append(auc(scores[rows], labels[rows]))
    low, high = np.percentile(areas, [2.5, 97.5])
    return float(low), float(high)


def _area(scores: npt.NDArray[np.float64], positive: npt.NDArray[np.bool_]) -> float:
    """By the rank sum (H. B. Mann and D. R. Whitney, 1947), equal scores sharing their ranks."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[inverse]
    positives = int(positive.sum())
    negatives = len(scores) - positives
    return float((ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))
