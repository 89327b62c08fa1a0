"""Keyword spotting's clips from sound: the public test set of Speech Commands v0.02, a folder of `.wav` a class."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import InputError
from harness.tasks.audio import kws_mfcc, read_wav
from harness.tasks.folds import FOLDS, draw

SOUND_FOLDER = "speech_commands_test_set_v0.02"


def read_sound(folder: Path, class_names: tuple[str, ...]) -> dict[str, npt.NDArray[Any]]:
    """All clips of the folder as features, with speakers and five folds of them.

    Files are named `<speaker>_nohash_<number>.wav`, with the word before it among the unknown ones; clips of silence
    have no speaker. A speaker's fold follows from the name alone.

    Returns:
        `mfcc` float32 `[n, 49, 10]`, `y` int64, `name`, `speaker` and `fold5_speaker_disjoint` int64, each `[n]`.

    Raises:
        InputError: A class has no clips, or a clip cannot be read.
    """
    paths = [(label, path) for label, name in enumerate(class_names) for path in _clips(folder / name)]
    names = [f"{path.parent.name}/{path.name}" for _, path in paths]
    speakers = [_speaker(path) for _, path in paths]
    voices = [speaker or name for speaker, name in zip(speakers, names, strict=True)]
    return {
        "mfcc": np.stack([kws_mfcc(read_wav(path)) for _, path in paths]),
        "y": np.array([label for label, _ in paths], np.int64),
        "name": np.array(names),
        "speaker": np.array(speakers),
        "fold5_speaker_disjoint": np.array([int(FOLDS * draw(f"fold {voice}")) for voice in voices]),
    }


def _clips(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.wav"))
    if not found:
        raise InputError(f"{folder} has no .wav files: fetch the data again (harness data fetch kws)")
    return found


def _speaker(path: Path) -> str:
    """The speaker in a clip's name, or nothing where there is none."""
    before, mark, _ = path.name.partition("_nohash_")
    return before.rsplit("_", 1)[-1] if mark else ""
