"""Areas and intervals against scikit-learn and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from harness.measure import auc, auc_interval, wilson_interval


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_area_of_two_classes_is_that_of_scikit_learn(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(0, 6, count).astype(np.float64)  # many ties
    labels = random.permutation(np.arange(count) % 2).astype(np.int64)
    assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))


def test_area_of_many_classes_is_the_mean_of_one_against_the_rest() -> None:
    random = np.random.default_rng(1)
    labels = random.integers(0, 5, 300)
    scores = random.random((300, 5)) + 0.3 * np.eye(5)[labels]
    scores /= scores.sum(axis=1, keepdims=True)
    assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores, multi_class="ovr"))


def test_classes_without_samples_do_not_count() -> None:
    scores = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.7, 0.3, 0.0]])
    assert auc(scores, np.array([0, 1, 0])) == 1.0


def test_interval_holds_the_area_narrows_and_repeats() -> None:
    random = np.random.default_rng(2)
    widths = []
    for count in (100, 2000):
        labels = np.arange(count) % 2
        scores = random.normal(labels.astype(float), 1.0)
        low, high = auc_interval(scores, labels)
        assert low < auc(scores, labels) < high
        assert auc_interval(scores, labels) == (low, high)
        widths.append(high - low)
    assert widths[1] < widths[0] / 3


def test_wilson_by_hand() -> None:
    assert wilson_interval(901, 1000) == pytest.approx((0.88092, 0.91800), abs=1e-5)
    assert wilson_interval(0, 10)[0] == 0.0
    assert wilson_interval(10, 10)[1] == pytest.approx(1.0)
