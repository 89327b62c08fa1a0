"""The sequential paired test: it decides rightly, early where it can, and never later than when all is known."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.search.paired import ERROR, DropTest, measure_drop


def pairs(samples: int, drop: float, swapped: int, seed: int) -> tuple[Any, Any]:
    """Right answers of two models in a random order, the second so much less accurate."""
    random = np.random.default_rng(seed)
    other = np.arange(samples) < 0.9 * samples
    right = other.copy()
    right[: round(drop * samples) + swapped] = False
    right[samples - swapped :] = True
    order = random.permutation(samples)
    return other[order], right[order]


def run(other: Any, right: Any, bound: float) -> tuple[str | None, int]:
    test = DropTest(other, bound)
    for asked, answer in enumerate(right, start=1):
        if test.add(bool(answer)):
            return test.side, asked
    return test.side, len(right)


def test_it_errs_no_more_often_than_it_says() -> None:
    # Just beside the bound is the hardest place.
    trials = [run(*pairs(300, 0.024, 12, seed), 0.02)[0] for seed in range(120)]
    assert trials.count("below") <= 3 * ERROR / 2 * len(trials)
    trials = [run(*pairs(300, 0.0167, 12, seed), 0.02)[0] for seed in range(120)]
    assert trials.count("above") <= 3 * ERROR / 2 * len(trials)


@pytest.mark.parametrize(
    ("drop", "side", "most"), [(0.4, "above", 60), (0.15, "above", 200), (0.0, "below", 700)]
)
def test_what_is_clear_is_decided_early(drop: float, side: str, most: int) -> None:
    found = [run(*pairs(1000, drop, 5, seed), 0.02) for seed in range(8)]
    assert {which for which, _ in found} == {side}
    assert np.mean([asked for _, asked in found]) < most


@settings(max_examples=40, deadline=None)
@given(data=st.data(), samples=st.integers(1, 40), bound=st.floats(-1, 1))
def test_all_answers_decide_and_certain_bounds_are_right(data: Any, samples: int, bound: float) -> None:
    other, right = (
        np.array(data.draw(st.lists(st.booleans(), min_size=samples, max_size=samples))) for _ in range(2)
    )
    side, _ = run(other, right, bound)
    drop = other.mean() - right.mean()
    assert side is not None
    if samples < 12:  # too few for a bet to win: only certainty decides
        assert side == ("above" if drop > bound + 1e-12 else "below")


def test_intervals_hold_the_truth_and_shrink() -> None:
    other, right = pairs(800, 0.05, 10, 3)
    truth = other.mean() - right.mean()
    widths = []
    for asked in (50, 200, 600):
        drop = measure_drop(other, right[:asked])
        assert drop.low <= truth <= drop.high
        widths.append(drop.high - drop.low)
    assert widths == sorted(widths, reverse=True)
    whole = measure_drop(other, right)
    assert whole.share == pytest.approx(truth)
    # 60 discordant pairs of 800, 50 and 10 either way: 0.05 +- 1.96 sqrt(0.075 - 0.0025) / sqrt(800)
    assert (whole.low, whole.high) == pytest.approx((0.05 - 0.01866, 0.05 + 0.01866), abs=1e-4)


def test_the_interval_agrees_with_the_decision() -> None:
    other, right = pairs(500, 0.1, 5, 8)
    side, asked = run(other, right, 0.02)
    assert side == "above" and asked < 500
    assert measure_drop(other, right[:asked]).low > 0.02 >= measure_drop(other, right[: asked - 1]).low
