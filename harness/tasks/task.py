"""What a task is: labelled samples in fixed splits, and the facts that go with them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.tasks.arrays import ByteArray, FloatArray, LabelArray
from harness.tasks.augment import Augmentation


@dataclass(frozen=True, eq=False)
class Split:
    """Labelled samples.

    Attributes:
        names: One name a sample, unique within the split.
        x: Inputs of the float model, float32, shape `[n, *input_shape]`.
        y: Class indices, int64, shape `[n]`, in `[0, number of classes)`.
        files: For samples that are windows of a file, the file's number, int64 `[n]`, ascending; else None.
    """

    names: list[str]
    x: FloatArray
    y: LabelArray
    files: LabelArray | None = None

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (64 hex characters) of names, inputs and labels."""
        digest = hashlib.sha256(repr((self.names, self.x.shape)).encode())
        digest.update(np.ascontiguousarray(self.x).tobytes())
        digest.update(np.ascontiguousarray(self.y).tobytes())
        return digest.hexdigest()

    def encode(self, scale: float, zero_point: int) -> ByteArray:
        """The samples as a board takes them.

        Args:
            scale: Of the model's int8 input tensor, > 0.
            zero_point: Of that tensor, in [-128, 127].

        Returns:
            int8, shape `[n, *input_shape]`, values outside the range saturated.
        """
        # In float32 and rounded (half to even) after the zero point is added, as the MLPerf Tiny
        # recipe does: any other order gives other bytes for a few values per million.
        steps = np.round(self.x / np.float32(scale) + np.float32(zero_point))
        return np.clip(steps, -128, 127).astype(np.int8)

    def take(self, rows: npt.NDArray[np.intp]) -> "Split":
        """The samples at `rows` (indices, int, shape `[m]`), in that order."""
        files = None if self.files is None else self.files[rows]
        return Split([self.names[row] for row in rows], self.x[rows], self.y[rows], files)


@dataclass(frozen=True, eq=False)
class Splits:
    """The three disjoint parts of a data set."""

    train: Split
    validation: Split
    test: Split


@dataclass(frozen=True, eq=False)
class Task:
    """A data set with its metric and target. Data is read when first asked for, and then kept.

    Attributes:
        name: As on the command line, such as `kws`.
        model_id: What EnergyRunner expects the firmware's `profile` command to answer.
        class_names: In the order of the class indices.
        input_shape: Of one sample, without the batch axis.
        quality_target: Least acceptable value of the metric in [0, 1] (MLPerf Tiny's), if any.
        data_dir: Folder that the user gave, or None for data that needs none.
        read_splits: Reads train, validation and test.
        read_official: Reads the official accuracy set, where there is one.
        calibration_size: Number of training inputs that set the int8 ranges.
        metric: `top1`: share of samples whose largest output is their class. `auc`: area under the ROC curve of
            the errors with which files are rebuilt.
        fold: The fold that is the test split, where the data comes in folds.
        augmentation: How training inputs may be changed without changing their class, if at all.
        is_rescaled: Whether inputs went through the `Rescaling` that the user's network begins with.
    """

    name: str
    model_id: str
    class_names: tuple[str, ...]
    input_shape: tuple[int, ...]
    quality_target: float | None
    data_dir: Path | None
    read_splits: Callable[[], Splits]
    read_official: Callable[[], Split] | None = None
    calibration_size: int = 200
    metric: str = "top1"
    fold: int | None = None
    augmentation: Augmentation | None = None
    is_rescaled: bool = False

    @cached_property
    def splits(self) -> Splits:
        """All three splits.

        Raises:
            InputError: The data is missing or damaged.
        """
        return self.read_splits()

    @property
    def train(self) -> Split:
        """What weights are fitted to. Raises `InputError` as `splits` does."""
        return self.splits.train

    @property
    def validation(self) -> Split:
        """What chooses the epoch that is kept. Raises `InputError` as `splits` does."""
        return self.splits.validation

    @property
    def test(self) -> Split:
        """What reported accuracy is measured on. Raises `InputError` as `splits` does."""
        return self.splits.test

    @cached_property
    def official(self) -> Split | None:
        """The official accuracy set of the benchmark, or None where the task has none.

        Raises:
            InputError: The task has one, and its files are missing or damaged.
        """
        return self.read_official() if self.read_official else None

    @cached_property
    def calibration(self) -> FloatArray:
        """Inputs that set the int8 ranges: a fixed random choice from the training split only.

        float32, shape `[min(calibration_size, len(train)), *input_shape]`.
        Raises `InputError` as `splits` does.
        """
        order = np.random.default_rng(0).permutation(len(self.train))
        return self.train.x[np.sort(order[: self.calibration_size])]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (64 hex characters) of all that a trained and quantised model depends on here.

        Raises `InputError` as `splits` does.
        """
        parts = (
            self.name,
            len(self.class_names),
            self.splits.train.fingerprint,
            self.splits.validation.fingerprint,
            self.splits.test.fingerprint,
            self.calibration_size,
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()
