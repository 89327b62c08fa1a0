"""Anomaly detection of MLPerf Tiny: how badly an autoencoder rebuilds the sound of a machine (ToyADMOS ToyCar).

Data folder (or its subfolder `ad`), any of:

- `ToyCar/train/*.wav`, `ToyCar/test/*.wav`: the public development data of DCASE 2020 task 2. Files for training are
  all normal; names begin with `normal_` or `anomaly_`.
- `ad01/`: EnergyRunner's features, `*.bin` of 200x128 float32, and `y_labels.csv` with lines
  `file,2,class,2560,512` (window and step in bytes).

A sample is a window of five frames, 640 values; a file has 196 of them. Its score is the mean over its windows of the
mean squared error; the metric is the area under the ROC curve of the files' scores. A tenth of the training
files, chosen by name, is the validation split.
"""

from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.errors import InputError
from harness.tasks.arrays import FloatArray
from harness.tasks.audio import ad_log_mel, read_wav
from harness.tasks.folder import task_folder
from harness.tasks.folds import draw
from harness.tasks.official import read_labels
from harness.tasks.task import Split, Splits, Task

BANDS, FRAMES = 128, 5
SIZE = BANDS * FRAMES
CLASS_NAMES = ("normal", "anomaly")

_VALIDATION_SHARE = 0.1


def ad_task(data_dir: Path | None) -> Task:
    """The anomaly-detection task over the data in `data_dir`; inputs are decibels.

    Raises:
        InputError: `data_dir` is None, missing, or holds none of the task's data.
    """
    folder = task_folder(data_dir, "ad", ("ToyCar/", "ad01/"))
    return Task(
        name="ad",
        model_id="ad01",
        class_names=CLASS_NAMES,
        input_shape=(SIZE,),
        quality_target=0.85,
        data_dir=folder,
        read_splits=partial(_read_splits, folder / "ToyCar"),
        read_official=partial(_read_official, folder / "ad01"),
        metric="auc",
    )


def windows(frames: FloatArray) -> FloatArray:
    """Every five successive frames: float32 `[n, 128]` to `[n - 4, 640]`."""
    return np.lib.stride_tricks.sliding_window_view(frames.ravel(), SIZE)[::BANDS]


def _read_splits(folder: Path) -> Splits:
    train, test = (sorted((folder / part).glob("*.wav")) for part in ("train", "test"))
    for part, paths in (("train", train), ("test", test)):
        if not paths:
            raise InputError(
                f"{folder / part} has no .wav files: training and testing on task 'ad' need them"
            )
    strange = [path.name for path in train if _label(path)]
    if strange:
        raise InputError(f"{folder / 'train'} holds {strange[0]}: training files must be normal")
    held_out = [path for path in train if draw(path.name) < _VALIDATION_SHARE] or train[-1:]
    fitted = [path for path in train if path not in held_out] or train
    return Splits(*(_read_wavs(paths) for paths in (fitted, held_out, test)))


def _label(path: Path) -> int:
    for label, kind in enumerate(CLASS_NAMES):
        if path.name.startswith(f"{kind}_"):
            return label
    raise InputError(f"{path}: names of files begin with normal_ or anomaly_")


def _read_wavs(paths: list[Path]) -> Split:
    return _split([path.name for path in paths], [ad_log_mel(read_wav(path)) for path in paths], paths)


def _read_official(folder: Path) -> Split:
    names, labels = read_labels(folder, len(CLASS_NAMES), (str(4 * SIZE), str(4 * BANDS)))
    paths = [folder / name for name in names]
    return _split(names, [_read_features(path) for path in paths], paths, labels)


def _read_features(path: Path) -> FloatArray:
    try:
        values = np.fromfile(path, "<f4")
    except OSError as error:
        raise InputError(f"cannot read the features {path}: {error.strerror}") from error
    if len(values) < SIZE or len(values) % BANDS or not np.isfinite(values).all():
        raise InputError(f"{path} does not hold finite float32 in rows of {BANDS}, at least {FRAMES} of them")
    return values.reshape(-1, BANDS)


def _split(
    names: list[str],
    features: list[FloatArray],
    paths: list[Path],
    labels: npt.NDArray[np.int64] | None = None,
) -> Split:
    """All windows of all files, one after the other."""
    short = [path for path, frames in zip(paths, features, strict=True) if len(frames) < FRAMES]
    if short:
        raise InputError(f"{short[0]} is too short: its features have fewer than {FRAMES} frames")
    if labels is None:
        labels = np.array([_label(path) for path in paths], np.int64)
    counts = [len(frames) - FRAMES + 1 for frames in features]
    return Split(
        [f"{name}#{row}" for name, count in zip(names, counts, strict=True) for row in range(count)],
        np.concatenate([windows(frames) for frames in features]),
        np.repeat(labels, counts),
        np.repeat(np.arange(len(names), dtype=np.int64), counts),
    )
