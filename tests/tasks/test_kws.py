"""Keyword spotting's data: real files where they are, damaged ones everywhere."""

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import InputError
from harness.tasks import load_task
from harness.tasks.audio import kws_mfcc, read_wav
from harness.tasks.kws import CLASS_NAMES, OFFICIAL_SCALE, OFFICIAL_ZERO_POINT

CLIPS = "sc_v0.02_test12_mfcc49x10.npz"


def clips(**changes: Any) -> dict[str, Any]:
    rows = 60
    generator = np.random.default_rng(0)
    return {
        "mfcc": generator.normal(size=(rows, 49, 10)).astype(np.float32),
        "y": np.arange(rows, dtype=np.uint8) % 12,
        "name": np.array([f"clip{row}" for row in range(rows)]),
        "speaker": np.array([f"voice{row // 2}" for row in range(rows)]),
        "fold5_speaker_disjoint": np.array([row // 2 % 5 for row in range(rows)], np.uint8),
        "labels": np.array(CLASS_NAMES),
    } | changes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A complete small data folder: 60 clips, two official ones."""
    np.savez(tmp_path / CLIPS, **clips())
    official = tmp_path / "kws01"
    official.mkdir()
    (official / "a.bin").write_bytes(bytes(range(245)) * 2)
    (official / "b.bin").write_bytes(b"\x80" * 490)
    (official / "y_labels.csv").write_text("a.bin,12,3\nb.bin,12,11\n")
    return tmp_path


def test_small_folder_loads(folder: Path) -> None:
    task = load_task("kws", folder)
    assert (task.model_id, task.quality_target, task.input_shape) == ("kws01", 0.90, (49, 10, 1))
    assert len(task.test) == 12
    assert len(task.train) + len(task.validation) == 48
    assert task.official is not None
    assert (task.official.names, task.official.y.tolist()) == (["a.bin", "b.bin"], [3, 11])
    encoded = task.official.encode(OFFICIAL_SCALE, OFFICIAL_ZERO_POINT)
    assert encoded[0].tobytes() == bytes(range(245)) * 2
    assert encoded[1].tobytes() == b"\x80" * 490


def test_folder_above_is_accepted(folder: Path, tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "kws"
    inner.mkdir(parents=True)
    (folder / CLIPS).rename(inner / CLIPS)
    assert len(load_task("kws", tmp_path / "outer").test) == 12


def test_either_half_works_without_the_other(folder: Path) -> None:
    (folder / CLIPS).unlink()
    task = load_task("kws", folder)
    assert task.official is not None and len(task.official) == 2
    with pytest.raises(InputError, match=rf"{CLIPS} is missing"):
        _ = task.test
    np.savez(folder / CLIPS, **clips())
    (folder / "kws01" / "y_labels.csv").unlink()
    task = load_task("kws", folder)
    assert len(task.test) == 12
    with pytest.raises(InputError, match=r"cannot read .*y_labels\.csv"):
        _ = task.official


def test_no_folder_wrong_folder_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--data-dir"):
        load_task("kws")
    with pytest.raises(InputError, match="does not exist"):
        load_task("kws", tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no kws01/ or"):
        load_task("kws", tmp_path)


@pytest.mark.parametrize(
    "labels",
    [
        "",
        "a.bin\n",
        "a.bin,10,3\n",
        "a.bin,12,12\n",
        "a.bin,12,-1\n",
        "a.bin,12,x\n",
        "../a.bin,12,3\n",
        "c.bin,12,3\n",
    ],
)
def test_bad_label_files_are_refused(folder: Path, labels: str) -> None:
    (folder / "kws01" / "y_labels.csv").write_text(labels)
    with pytest.raises(InputError, match=r"y_labels\.csv"):
        _ = load_task("kws", folder).official


def test_a_clip_of_wrong_size_is_named(folder: Path) -> None:
    (folder / "kws01" / "b.bin").write_bytes(b"\x00" * 489)
    with pytest.raises(InputError, match=r"b\.bin has 489 bytes, a sample has 490"):
        _ = load_task("kws", folder).official


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:2000])


def _garbage(path: Path) -> None:
    path.write_bytes(b"not an archive")


def _with(**changes: Any) -> Callable[[Path], None]:
    return lambda path: np.savez(path, **clips(**changes))


def _without(key: str) -> Callable[[Path], None]:
    return lambda path: np.savez(path, **{k: v for k, v in clips().items() if k != key})


@pytest.mark.parametrize(
    "damage",
    [
        _truncate,
        _garbage,
        _without("speaker"),
        _with(mfcc=np.zeros((60, 49, 11), np.float32)),
        _with(mfcc=np.zeros((60, 49, 10), np.float64)),
        _with(mfcc=np.full((60, 49, 10), np.nan, np.float32)),
        _with(y=np.full(60, 12, np.uint8)),
        _with(y=np.zeros(59, np.uint8)),
        _with(labels=np.array(CLASS_NAMES[::-1])),
        _with(fold5_speaker_disjoint=np.zeros(60, np.uint8)),
        _with(name=np.array([{}] * 60, dtype=object)),
    ],
    ids=lambda damage: damage.__qualname__,
)
def test_damaged_archives_are_refused_by_name(folder: Path, damage: Callable[[Path], None]) -> None:
    damage(folder / CLIPS)
    with pytest.raises(InputError) as caught:
        _ = load_task("kws", folder).train
    assert CLIPS in str(caught.value)
    assert "\n" not in str(caught.value)


def test_real_splits_share_no_speaker(shared_data: Path) -> None:
    task = load_task("kws", shared_data / "kws")
    with np.load(shared_data / "kws" / CLIPS) as archive:
        speaker_of = dict(zip(archive["name"], archive["speaker"], strict=True))
        test_names = set(archive["name"][archive["fold5_speaker_disjoint"] == 0])
    voices = [
        {speaker_of[name] for name in split.names} - {""}
        for split in (task.train, task.validation, task.test)
    ]
    assert not voices[0] & voices[1] and not voices[0] & voices[2] and not voices[1] & voices[2]
    assert set(task.test.names) == test_names
    assert len(task.test) == 743
    assert len(task.train) + len(task.validation) == 4890 - 743
    assert 0.07 < len(task.validation) / 4147 < 0.13
    assert np.bincount(task.validation.y, minlength=12).min() > 15


def test_real_clips_encode_to_the_recorded_bytes(shared_data: Path) -> None:
    task = load_task("kws", shared_data)
    with np.load(shared_data / "kws" / CLIPS) as archive:
        bytes_of = dict(zip(archive["name"], archive["q_int8"], strict=True))
    for split in (task.train, task.validation, task.test):
        encoded = split.encode(OFFICIAL_SCALE, OFFICIAL_ZERO_POINT)
        np.testing.assert_array_equal(encoded[..., 0], np.stack([bytes_of[name] for name in split.names]))


def test_real_official_clips_encode_to_their_files(shared_data: Path) -> None:
    official = load_task("kws", shared_data / "kws").official
    assert official is not None and len(official) == 1000
    encoded = official.encode(OFFICIAL_SCALE, OFFICIAL_ZERO_POINT)
    for name, label, values in zip(official.names, official.y, encoded, strict=True):
        assert values.tobytes() == (shared_data / "kws" / "kws01" / name).read_bytes()
        assert name.removesuffix(".bin").endswith(f"_{label}")


def test_every_fold_tests_on_its_own_speakers(shared_data: Path) -> None:
    tasks = [load_task("kws", shared_data / "kws", fold) for fold in range(5)]
    names = [set(task.test.names) for task in tasks]
    assert sum(map(len, names)) == len(set().union(*names)) == 4890
    assert len({task.fingerprint for task in tasks}) == 5
    assert load_task("kws", shared_data / "kws").fingerprint == tasks[0].fingerprint


def test_folds_that_are_not_there_are_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="folds 0 to 4, not 5"):
        load_task("kws", folder, 5)
    with pytest.raises(InputError, match="no folds; leave --fold out"):
        load_task("digits", None, 1)


def test_the_public_sound_gives_the_same_task(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for name in CLASS_NAMES:
        for number in range(8):
            speaker = "" if name == "_silence_" else f"{number:08x}_nohash_0"
            clip = f"word_{speaker}.wav.wav" if name == "_unknown_" else f"{speaker or number}.wav"
            path = tmp_path / "speech_commands_test_set_v0.02" / name / clip
            path.parent.mkdir(parents=True, exist_ok=True)
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(16_000)
                file.writeframes(generator.normal(0, 2000, 9_000).astype("<i2").tobytes())
    tasks = [load_task("kws", tmp_path, fold) for fold in range(5)]
    names = [name for task in tasks for name in task.test.names]
    assert len(names) == len(set(names)) == 12 * 8
    sample = tasks[0].test.names[0]
    sound = read_wav(tmp_path / "speech_commands_test_set_v0.02" / sample)
    np.testing.assert_array_equal(tasks[0].test.x[0, ..., 0], kws_mfcc(sound))
    for task in tasks:
        # A speaker's clips, of whatever word, stay together.
        voices = [
            {name.split("/")[1].removeprefix("word_")[:8] for name in split.names if "_nohash_" in name}
            for split in (task.train, task.validation, task.test)
        ]
        assert not voices[0] & voices[2] and not voices[1] & voices[2] and not voices[0] & voices[1]
    (tmp_path / "speech_commands_test_set_v0.02" / "yes").rename(tmp_path / "yes")
    with pytest.raises(InputError, match=r"yes has no \.wav files: fetch the data again"):
        _ = load_task("kws", tmp_path).test
