"""A task small enough to train on in seconds, and its network."""

from typing import Any

import numpy as np
import pytest

from harness.tasks import Split, Splits, Task
from harness.tasks.dscnn import Block, DsCnn, build_ds_cnn
from harness.tasks.fit import fit
from harness.tasks.framework import seeded
from harness.tasks.recipe import Recipe
from tests.pruning.networks import NETWORKS, randomised


def _bars(count: int, seed: int) -> Split:
    """Pictures of a horizontal (class 0) or vertical (class 1) bar in noise."""
    generator = np.random.default_rng(seed)
    x = generator.normal(0, 0.3, (count, 6, 6, 1)).astype(np.float32)
    y = np.arange(count, dtype=np.int64) % 2
    for picture, label, line in zip(x, y, generator.integers(0, 6, count), strict=True):
        picture[(line, slice(None)) if label == 0 else (slice(None), line)] += 2
    return Split([f"{seed}-{row}" for row in range(count)], x, y)


@pytest.fixture(scope="session")
def bars() -> Task:
    """Bars in two directions, easy to learn."""
    splits = Splits(_bars(200, 0), _bars(60, 1), _bars(60, 2))
    return Task("bars", "bars", ("across", "down"), (6, 6, 1), None, None, lambda: splits)


@pytest.fixture(scope="session")
def small_reference(bars: Task) -> Any:
    """A network for `bars` with cuts conv1, block1, block2 on maps 6x6x4, 6x6x6, 3x3x8."""
    spec = DsCnn("small", (6, 6, 1), (3, 3), 1, 4, (Block(6), Block(8, stride=2)))
    with seeded(1):
        model = build_ds_cnn(spec, 2)
    train, validation = bars.train, bars.validation
    fit(model, (train.x, train.y), (validation.x, validation.y), Recipe("bars", 30, 20, ((0, 1e-2),)), 1)
    return model


@pytest.fixture(scope="module", params=sorted(NETWORKS))
def network(request: pytest.FixtureRequest) -> Any:
    with seeded(2):
        return randomised(NETWORKS[request.param]())
