"""The digits task: sizes, balance, and splits that never move."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from harness.errors import InputError
from harness.tasks import TASK_NAMES, load_task


def test_splits_are_disjoint_balanced_and_complete() -> None:
    task = load_task("digits")
    splits = (task.train, task.validation, task.test)
    assert [len(split) for split in splits] == [1257, 180, 360]
    assert len({name for split in splits for name in split.names}) == 1797
    for split in splits:
        assert split.x.shape == (len(split), *task.input_shape)
        assert (split.x.dtype, split.y.dtype) == (np.float32, np.int64)
        assert (split.x.min(), split.x.max()) == (0.0, 1.0)
        share = np.bincount(split.y, minlength=10) / len(split)
        assert share.min() > 0.09 and share.max() < 0.11


def test_names_point_to_the_scans_they_come_from() -> None:
    from sklearn.datasets import load_digits

    scans, labels = load_digits(return_X_y=True)
    test = load_task("digits").test
    rows = [int(name.removeprefix("digits_")) for name in test.names]
    np.testing.assert_array_equal(labels[rows], test.y)
    np.testing.assert_allclose(scans[rows] / 16, test.x.reshape(-1, 64))


def test_the_test_split_stays_the_same_from_version_to_version() -> None:
    # Stored accuracies are comparable only while this holds.
    names = ",".join(load_task("digits").test.names)
    assert hashlib.sha256(names.encode()).hexdigest()[:16] == "b4e38d09f1c06fce"


@pytest.mark.parametrize(
    ("name", "message"),
    [("digit", "did you mean 'digits'?"), ("imagenet", "known tasks: digits, kws, vww, ic, ad")],
)
def test_unknown_tasks_are_refused_with_a_hint(name: str, message: str) -> None:
    with pytest.raises(InputError, match="unknown task") as caught:
        load_task(name)
    assert message in str(caught.value)


def test_every_listed_task_loads(tmp_path: Path) -> None:
    for name in ("kws01", "vww01", "ic01", "ad01"):
        (tmp_path / name).mkdir()
    assert [load_task(name, tmp_path).name for name in TASK_NAMES] == list(TASK_NAMES)
