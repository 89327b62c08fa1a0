"""Keyword spotting of MLPerf Tiny: one of 12 classes from the 49x10 MFCC of one second of speech.

Data folder (or its subfolder `kws`):

- `kws01/`: EnergyRunner's official inputs, `*.bin` of 490 int8, and `y_labels.csv` with lines
  `file,12,class`.
- `sc_v0.02_test12_mfcc49x10.npz`: Speech Commands v0.02's 12-class test set as MFCC, with speakers
  and five speaker-disjoint folds. Folds 1 to 4 are for training and validation, fold 0 for test.

Most of the official clips are in folds 1 to 4, so what is trained here must not be scored on them:
`Task.official` is for models trained elsewhere.
"""

import csv
import hashlib
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from harness.errors import InputError
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
_TEST_FOLD = 0
_FOLDS = 5
_VALIDATION_SHARE = 0.1


def kws_task(data_dir: Path | None) -> Task:
    """The keyword-spotting task over the data in `data_dir`.

    Raises:
        InputError: `data_dir` is None, missing, or holds none of the task's data.
    """
    if data_dir is None:
        raise InputError(
            "task 'kws' needs its data: give --data-dir (or HARNESS_DATA_DIR) a folder with "
            f"kws01/ or {_CLIPS_FILE}"
        )
    if not data_dir.is_dir():
        raise InputError(f"data folder {data_dir} of task 'kws' does not exist or is not a folder")
    folder = _kws_folder(data_dir)
    return Task(
        name="kws",
        model_id="kws01",
        class_names=CLASS_NAMES,
        input_shape=INPUT_SHAPE,
        quality_target=0.90,
        data_dir=folder,
        read_splits=partial(_read_splits, folder / _CLIPS_FILE),
        read_official=partial(_read_official, folder / "kws01"),
    )


def _kws_folder(data_dir: Path) -> Path:
    for folder in (data_dir, data_dir / "kws"):
        if (folder / "kws01").is_dir() or (folder / _CLIPS_FILE).is_file():
            return folder
    raise InputError(f"data folder {data_dir} holds neither kws01/ nor {_CLIPS_FILE}, which task 'kws' reads")


def _read_official(folder: Path) -> Split:
    """The official accuracy set, 1,000 clips, in the order of its label file."""
    labels_file = folder / "y_labels.csv"
    try:
        rows = list(csv.reader(labels_file.read_text().splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {labels_file}, the labels of the official clips: {error}") from error
    names: list[str] = []
    inputs: list[npt.NDArray[np.int8]] = []
    labels: list[int] = []
    for number, row in enumerate(rows, start=1):
        labels.append(_label(row, f"{labels_file} line {number}"))
        names.append(row[0])
        inputs.append(_read_bin(folder / row[0]))
    if not rows:
        raise InputError(f"{labels_file} is empty: expected lines 'file,{len(CLASS_NAMES)},class'")
    steps = np.stack(inputs).astype(np.float32) - np.float32(OFFICIAL_ZERO_POINT)
    return Split(names, steps * np.float32(OFFICIAL_SCALE), np.array(labels, np.int64))


def _label(row: list[str], where: str) -> int:
    if len(row) == 3 and row[1] == str(len(CLASS_NAMES)) and row[2].isascii() and row[2].isdigit():
        label = int(row[2])
        if label < len(CLASS_NAMES) and row[0] == Path(row[0]).name:
            return label
    raise InputError(
        f"{where}: expected 'file,{len(CLASS_NAMES)},class' with a class below "
        f"{len(CLASS_NAMES)}, found {','.join(row)!r}"
    )


def _read_bin(path: Path) -> npt.NDArray[np.int8]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the clip {path} named in y_labels.csv: {error.strerror}") from error
    if len(content) != np.prod(INPUT_SHAPE):
        raise InputError(f"{path} has {len(content)} bytes, a clip has {np.prod(INPUT_SHAPE)}")
    return np.frombuffer(content, np.int8).reshape(INPUT_SHAPE)


def _read_splits(path: Path) -> Splits:
    clips = _read_clips(path)
    everything = Split(
        names=[str(name) for name in clips["name"]],
        x=clips["mfcc"][..., None],
        y=clips["y"].astype(np.int64),
    )
    in_test = clips["fold5_speaker_disjoint"] == _TEST_FOLD
    held_out = ~in_test & _in_validation(clips["speaker"], clips["name"])
    train = ~in_test & ~held_out
    return Splits(*(everything.take(np.flatnonzero(rows)) for rows in (train, held_out, in_test)))


def _in_validation(speakers: npt.NDArray[Any], names: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """A fixed tenth of the speakers; clips without one (silence) count as a speaker each."""
    voices = [str(speaker) or str(name) for speaker, name in zip(speakers, names, strict=True)]
    return np.array([_draw(voice) < _VALIDATION_SHARE for voice in voices])


def _draw(text: str) -> float:
    """A number in [0, 1) that depends on `text` alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64


def _read_clips(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays this task uses, checked for shape, type and range."""
    try:
        # Opened here: numpy leaves the file open when it turns out not to be an archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            clips = {key: archive[key] for key in (*_PER_CLIP, "labels")}
    except FileNotFoundError as error:
        raise InputError(f"{path} is missing: training and testing on task 'kws' need it") from error
    except KeyError as error:
        raise InputError(f"{path} is not the file task 'kws' reads: {error.args[0]}") from error
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise InputError(f"{path} is damaged: {error}; fetch it again") from error
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
        and set(np.unique(clips["fold5_speaker_disjoint"])) == set(range(_FOLDS))
    )
    if not fits:
        raise InputError(
            f"{path} does not hold finite float32 MFCC of shape [n, 49, 10] with {len(CLASS_NAMES)} "
            f"classes and {_FOLDS} folds: fetch it again"
        )
    return clips
