"""The default task: handwritten digits, 8x8 pixels, bundled with scikit-learn (1,797 scans)."""

import numpy as np

from harness.tasks.task import Split, Splits, Task

_SPLIT_SEED = 0
_TEST_SIZE = 360
_VALIDATION_SIZE = 180


def digits_task() -> Task:
    """The digits task; it needs no data folder."""
    return Task(
        name="digits",
        model_id="digits",
        class_names=tuple("0123456789"),
        input_shape=(8, 8, 1),
        quality_target=None,
        data_dir=None,
        read_splits=_read_splits,
    )


def _read_splits() -> Splits:
    """1,257 training, 180 validation and 360 test scans, pixels in [0, 1], classes balanced."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, labels = load_digits(return_X_y=True)
    everything = Split(
        names=[f"digits_{row:04d}" for row in range(len(labels))],
        x=(pixels / 16.0).astype(np.float32).reshape(-1, 8, 8, 1),
        y=labels.astype(np.int64),
    )
    rest, test = train_test_split(
        np.arange(len(everything)), test_size=_TEST_SIZE, stratify=everything.y, random_state=_SPLIT_SEED
    )
    train, validation = train_test_split(
        rest, test_size=_VALIDATION_SIZE, stratify=everything.y[rest], random_state=_SPLIT_SEED
    )
    return Splits(*(everything.take(np.sort(rows)) for rows in (train, validation, test)))
