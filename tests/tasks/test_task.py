"""Splits and tasks: encoding for the board, identity, calibration."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.tasks import Split, Splits, Task


def split_of(x: np.ndarray, y: np.ndarray | None = None) -> Split:
    return Split(
        names=[f"s{row}" for row in range(len(x))],
        x=x.astype(np.float32),
        y=np.zeros(len(x), np.int64) if y is None else y,
    )


def task_of(train: Split, other: Split | None = None) -> Task:
    splits = Splits(train, other or train, other or train)
    return Task("toy", "toy", ("a", "b"), train.x.shape[1:], None, None, lambda: splits, calibration_size=5)


@given(scale=st.floats(1e-4, 10.0), zero_point=st.integers(-128, 127))
def test_every_int8_value_survives_decoding_and_encoding(scale: float, zero_point: int) -> None:
    values = np.arange(-128, 128).reshape(-1, 1)
    decoded = (values.astype(np.float32) - np.float32(zero_point)) * np.float32(scale)
    encoded = split_of(decoded).encode(scale, zero_point)
    assert encoded.dtype == np.int8
    np.testing.assert_array_equal(encoded, values)


def test_encoding_saturates_and_rounds_half_to_even_after_adding_the_zero_point() -> None:
    x = np.array([[-1e9], [1e9], [0.5], [1.5], [-0.5], [0.49]])
    assert split_of(x).encode(1.0, 0).ravel().tolist() == [-128, 127, 0, 2, 0, 0]
    assert split_of(x).encode(1.0, 1).ravel().tolist() == [-128, 127, 2, 2, 0, 1]


def test_fingerprint_changes_with_names_inputs_and_labels() -> None:
    base = split_of(np.zeros((2, 3)))
    others = [
        split_of(np.zeros((2, 3))),
        Split(["s0", "other"], base.x, base.y),
        split_of(np.array([[0, 0, 0], [0, 0, 1]])),
        split_of(np.zeros((2, 3)), np.array([0, 1])),
    ]
    assert [other.fingerprint == base.fingerprint for other in others] == [True, False, False, False]


def test_task_fingerprint_depends_on_every_split() -> None:
    first, second = split_of(np.zeros((6, 2))), split_of(np.ones((6, 2)))
    prints = {task_of(first).fingerprint, task_of(first, second).fingerprint, task_of(second).fingerprint}
    assert len(prints) == 3
    assert task_of(first).fingerprint == task_of(split_of(np.zeros((6, 2)))).fingerprint


def test_calibration_is_a_fixed_choice_from_train_only() -> None:
    train, other = split_of(np.arange(20).reshape(-1, 1)), split_of(np.full((20, 1), -1))
    chosen = task_of(train, other).calibration
    assert chosen.shape == (5, 1)
    assert len(np.unique(chosen)) == 5
    assert chosen.min() >= 0
    np.testing.assert_array_equal(chosen, task_of(train, other).calibration)


def test_take_keeps_names_inputs_and_labels_together() -> None:
    part = split_of(np.arange(4).reshape(-1, 1), np.arange(4)).take(np.array([3, 1]))
    assert (part.names, part.x.ravel().tolist(), part.y.tolist()) == (["s3", "s1"], [3.0, 1.0], [3, 1])
    assert len(part) == 2


def test_data_is_read_once_and_only_when_asked_for() -> None:
    reads = []

    def read() -> Splits:
        reads.append(1)
        return Splits(*[split_of(np.zeros((2, 1)))] * 3)

    task = Task("toy", "toy", ("a", "b"), (1,), None, None, read)
    assert reads == []
    assert len(task.train) == len(task.test) == len(task.validation) == 2
    assert reads == [1]
    assert task.official is None


@pytest.mark.parametrize("attribute", ["name", "calibration_size"])
def test_tasks_do_not_change(attribute: str) -> None:
    with pytest.raises(AttributeError):
        setattr(task_of(split_of(np.zeros((2, 1)))), attribute, "other")
