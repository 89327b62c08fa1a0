"""Which samples are asked, and in which order."""

import numpy as np

from harness.tasks import Split


def choose_samples(split: Split, count: int | None, seed: int) -> Split:
    """A fixed random choice of `count` samples, the same for every candidate; all where None or too few."""
    if count is None or count >= len(split):
        return split
    order = np.random.default_rng(seed).permutation(len(split))[:count]
    return split.take(np.sort(order))


def shuffled(split: Split, seed: int) -> Split:
    """All samples in a random order that is always the same, so that the first ones stand for all."""
    return split.take(np.random.default_rng(seed).permutation(len(split)))
