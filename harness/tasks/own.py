"""A task made of the user's own files: a Keras model, training samples, test samples."""

import tomllib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.config.kinds import describe_validation
from harness.errors import InputError
from harness.tasks.archive import read_any
from harness.tasks.arrays import FloatArray, LabelArray
from harness.tasks.augment import Augmentation
from harness.tasks.folds import stratified_folds
from harness.tasks.model_config import read_config
from harness.tasks.rescaling import Rescaling, first_rescaling
from harness.tasks.sequences import reads_sequences
from harness.tasks.task import Split, Splits, Task

_X_KEYS, _Y_KEYS = ("x", "x_{part}"), ("y", "y_{part}")
_VALIDATION_PARTS = 10


class _AugmentationSpec(BaseModel):
    """How pictures may be changed, as in `Augmentation`."""

    model_config = ConfigDict(extra="forbid")
    rotation_deg: float = Field(default=0.0, ge=0, le=180)
    shift: float = Field(default=0.0, ge=0, lt=1)
    time_shift: float = Field(default=0.0, ge=0, lt=1)
    zoom: float = Field(default=0.0, ge=0, lt=1)
    flip: bool = False


class OwnSpec(BaseModel):
    """What a spec file says of a user's task; all of it may be left out.

    Attributes:
        name: In tables; the model file's name without its ending by default.
        classes: Names of the classes, in the order of their numbers; the numbers by default.
        scale: What inputs are multiplied with before the float model takes them, > 0.
        quality_target: Least acceptable accuracy, in [0, 1].
        model_id: What the firmware answers to EnergyRunner's `profile`.
        augmentation: How training pictures may be changed.
    """

    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(default=None, pattern=r"^[\w.-]+$")
    classes: list[str] | None = Field(default=None, min_length=2)
    scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    quality_target: float | None = Field(default=None, ge=0, le=1)
    model_id: str = Field(default="custom", pattern=r"^[\w.-]+$")
    augmentation: _AugmentationSpec | None = None


@dataclass(frozen=True)
class _Samples:
    """What is done to the user's samples before the network sees them.

    Attributes:
        scale: They are multiplied with it.
        rescaling: The layer that the network begins with.
        are_sequences: Those of shape `[n, steps, channels]` become pictures one wide, as the network then is.
    """

    scale: float
    rescaling: Rescaling | None
    are_sequences: bool

    def for_network(self, x: npt.NDArray[Any]) -> FloatArray:
        values = x.astype(np.float32) * np.float32(self.scale)
        if self.are_sequences and values.ndim == 3:
            values = values[:, :, np.newaxis]
        return self.rescaling(values) if self.rescaling else values


def own_task(model: Path, train: Path, test: Path, spec: Path | None = None) -> Task:
    """The task of training `model` further on `train` and measuring it on `test`.

    A tenth of the training samples, classes spread evenly and the same at every call, is the validation split.

    Args:
        model: The user's Keras model. Samples go through the `Rescaling` it begins with, if it does, since its int8 file
            takes them so.
        train: `.npz` file with `x` `[n, ...]` of any real type and classes `y` `[n]`, or `x_train` and `y_train`;
            `names` if there are any.
        test: The same, or `x_test` and `y_test`.
        spec: TOML file with what is in `OwnSpec`.

    Raises:
        InputError: A file is missing or damaged, or files do not agree.
    """
    known = OwnSpec() if spec is None else _read_spec(spec)
    network = read_config(model)
    rescaling = first_rescaling(network)
    splits = _read_splits(train, test, _Samples(known.scale, rescaling, reads_sequences(network)))
    count = 1 + int(max(splits.train.y.max(), splits.test.y.max()))
    classes = known.classes or [str(number) for number in range(max(2, count))]
    if count > len(classes):
        raise InputError(f"{spec} names {len(classes)} classes and the labels go up to {count - 1}")
    return Task(
        name=known.name or model.stem,
        model_id=known.model_id,
        class_names=tuple(classes),
        input_shape=splits.train.x.shape[1:],
        quality_target=known.quality_target,
        data_dir=None,
        read_splits=partial(_given, splits),
        augmentation=Augmentation(**known.augmentation.model_dump()) if known.augmentation else None,
        is_rescaled=rescaling is not None,
    )


def _given(splits: Splits) -> Splits:
    return splits


def _read_spec(path: Path) -> OwnSpec:
    try:
        return OwnSpec(**tomllib.loads(path.read_text()))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the spec file {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from error
    except (ValidationError, TypeError) as error:
        raise InputError(f"{path}: {describe_validation(error)}") from error


def _read_splits(train: Path, test: Path, samples: _Samples) -> Splits:
    everything, tested = (
        _read_part(path, part, samples) for path, part in ((train, "train"), (test, "test"))
    )
    if everything.x.shape[1:] != tested.x.shape[1:]:
        raise InputError(
            f"{train} has samples of shape {list(everything.x.shape[1:])} and {test} of {list(tested.x.shape[1:])}"
        )
    held_out = stratified_folds(everything.names, everything.y, _VALIDATION_PARTS) == 0
    if held_out.all() or not held_out.any():
        raise InputError(
            f"{train} has {len(everything)} samples; some ten of each class are needed, since a tenth is held "
            "out for validation"
        )
    return Splits(
        everything.take(np.flatnonzero(~held_out)), everything.take(np.flatnonzero(held_out)), tested
    )


def _read_part(path: Path, part: str, samples: _Samples) -> Split:
    arrays = read_any(path)
    x, y = (_first(arrays, [key.format(part=part) for key in keys], path) for keys in (_X_KEYS, _Y_KEYS))
    if x.dtype.kind not in "fiub" or x.ndim < 2 or len(x) == 0:
        raise InputError(f"{path}: x must be real numbers of shape [n, ...], not {x.dtype} {list(x.shape)}")
    names = [str(name) for name in arrays["names"]] if "names" in arrays else None
    names = names or [f"{part}_{row:06d}" for row in range(len(x))]
    if y.shape != (len(x),) or y.dtype.kind not in "iu" or y.min() < 0 or len(names) != len(x):
        raise InputError(
            f"{path}: y must be one class number from 0 for each of the {len(x)} samples, not {y.dtype} "
            f"{list(y.shape)}, and names as many"
        )
    values = samples.for_network(x)
    if not np.isfinite(values).all():
        raise InputError(f"{path}: x has values that are not finite numbers")
    labels: LabelArray = y.astype(np.int64)
    return Split(names, values, labels)


def _first(arrays: dict[str, npt.NDArray[Any]], keys: list[str], path: Path) -> npt.NDArray[Any]:
    for key in keys:
        if key in arrays:
            return arrays[key]
    raise InputError(f"{path} has no array {' or '.join(keys)}; it has {', '.join(arrays)}")
