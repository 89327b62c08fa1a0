"""Keyword spotting of MLPerf Tiny: one of 12 classes from the 49x10 MFCC of one second of speech.

Data folder (or its subfolder `kws`):

- `kws01/`: EnergyRunner's official inputs, `*.bin` of 490 int8, and `y_labels.csv` with lines
  `file,12,class`.
- `sc_v0.02_test12_mfcc49x10.npz`: Speech Commands v0.02's 12-class test set as MFCC, with speakers
  and five speaker-disjoint folds. One fold (0 unless another is asked for) is for test, the others for
  training and, a tenth of their speakers, for validation.
- `speech_commands_test_set_v0.02/`: the same clips as sound, where that file is not there; their folds differ.

Most of the official clips are among those trained on, so what is trained here must not be scored on them:
`Task.official` is for models trained elsewhere.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import InputError
from harness.tasks.archive import read_arrays
from harness.tasks.augment import Augmentation
from harness.tasks.folder import task_folder
from harness.tasks.folds import FOLDS, check_fold, draw
from harness.tasks.kws_sound import SOUND_FOLDER, read_sound
from harness.tasks.official import read_official
from harness.tasks.task import Split, Splits, Task

CLASS_NAMES = (
    "down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes", "_silence_", "_unknown_",
)  # fmt: skip
INPUT_SHAPE = (49, 10, 1)
# Input quantisation of MLPerf Tiny's int8 reference model, which the official files are made for.
OFFICIAL_SCALE = 0.5847029089927673
OFFICIAL_ZERO_POINT = 83

_CLIPS_FILE = "sc_v0.02_test12_mfcc49x10.npz"
_PER_CLIP = ("mfcc", "y", "name", "speaker", "fold5_speaker_disjoint")
_VALIDATION_SHARE = 0.1
# Of a clip's second.
_TIME_SHIFT = 0.1


def kws_task(data_dir: Path | None, fold: int | None = None) -> Task:
    """The keyword-spotting task over the data in `data_dir`.

    Args:
        data_dir: Folder with the data.
        fold: Speakers to test on, 0 (the default) to 4; the others' are for training and validation.

    Raises:
        InputError: `data_dir` is None, missing, or holds none of the task's data, or there is no such fold.
    """
    test_fold = check_fold("kws", fold)
    folder = task_folder(data_dir, "kws", ("kws01/", _CLIPS_FILE, f"{SOUND_FOLDER}/"))
    return Task(
        name="kws",
        model_id="kws01",
        class_names=CLASS_NAMES,
        input_shape=INPUT_SHAPE,
        quality_target=0.90,
        data_dir=folder,
        read_splits=partial(_read_splits, folder, test_fold),
        read_official=partial(_read_official, folder / "kws01"),
        fold=test_fold,
        augmentation=Augmentation(time_shift=_TIME_SHIFT),
    )


def _read_official(folder: Path) -> Split:
    """The official accuracy set, 1,000 clips, in the order of its label file."""
    names, values, labels = read_official(folder, INPUT_SHAPE, len(CLASS_NAMES), np.int8)
    steps = values.astype(np.float32) - np.float32(OFFICIAL_ZERO_POINT)
    return Split(names, steps * np.float32(OFFICIAL_SCALE), labels)


def _read_splits(folder: Path, test_fold: int) -> Splits:
    from_sound = not (folder / _CLIPS_FILE).is_file() and (folder / SOUND_FOLDER).is_dir()
    clips = (
        read_sound(folder / SOUND_FOLDER, CLASS_NAMES) if from_sound else _read_clips(folder / _CLIPS_FILE)
    )
    everything = Split(
        names=[str(name) for name in clips["name"]],
        x=clips["mfcc"][..., None],
        y=clips["y"].astype(np.int64),
    )
    in_test = clips["fold5_speaker_disjoint"] == test_fold
    held_out = ~in_test & _in_validation(clips["speaker"], clips["name"])
    train = ~in_test & ~held_out
    return Splits(*(everything.take(np.flatnonzero(rows)) for rows in (train, held_out, in_test)))


def _in_validation(speakers: npt.NDArray[Any], names: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """A fixed tenth of the speakers; clips without one (silence) count as a speaker each."""
    voices = [str(speaker) or str(name) for speaker, name in zip(speakers, names, strict=True)]
    return np.array([draw(voice) < _VALIDATION_SHARE for voice in voices])


def _read_clips(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays this task uses, checked for shape, type and range."""
    clips = read_arrays(path, (*_PER_CLIP, "labels"))
    count = len(clips["mfcc"])
    fits = (
        clips["mfcc"].shape == (count, *INPUT_SHAPE[:2])
        and clips["mfcc"].dtype == np.float32
        and bool(np.isfinite(clips["mfcc"]).all())
        and all(clips[key].shape == (count,) for key in _PER_CLIP[1:])
        and tuple(clips["labels"]) == CLASS_NAMES
        and count > 0
        and clips["y"].min() >= 0
        and clips["y"].max() < len(CLASS_NAMES)
        and set(np.unique(clips["fold5_speaker_disjoint"])) == set(range(FOLDS))
    )
    if not fits:
        raise InputError(
            f"{path} does not hold finite float32 MFCC of shape [n, 49, 10] with {len(CLASS_NAMES)} "
            f"classes and {FOLDS} folds: fetch it again"
        )
    return clips
