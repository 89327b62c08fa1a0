"""Artifacts, finished stages, studies."""

import errno
import os
import time
from pathlib import Path

import pytest

from harness.errors import InputError, StoreError
from harness.store import Decision, Store, stage_key


def test_same_content_is_stored_once(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "model.tflite"
    file.write_bytes(b"weights")
    sha256 = store.artifacts.put(b"weights", ".tflite")
    assert store.artifacts.put(file, ".tflite") == sha256
    path = store.artifacts.path(sha256)
    assert path.name == f"{sha256}.tflite"
    assert store.artifacts.read(sha256) == b"weights"
    assert [item for item in store.artifacts.folder.rglob("*") if item.is_file()] == [path]


def test_missing_and_changed_artifacts(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="make it anew"):
        store.artifacts.path("00" * 32)
    with pytest.raises(ValueError, match="not a SHA-256"):
        store.artifacts.path("../../etc/passwd")
    with pytest.raises(InputError, match="cannot read"):
        store.artifacts.put(tmp_path / "missing")
    sha256 = store.artifacts.put(b"weights")
    path = store.artifacts.path(sha256)
    path.chmod(0o600)
    path.write_bytes(b"tampered")
    with pytest.raises(StoreError, match="not what was stored"):
        store.artifacts.read(sha256)


def test_full_disk_leaves_no_half_file(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="disk is full"):
        store.artifacts.put(b"weights")
    assert [item for item in store.artifacts.folder.rglob("*") if item.is_file()] == []


def test_leftovers_of_killed_processes_go(store: Store) -> None:
    old, new = (store.artifacts.folder / "unfinished" / name for name in ("old", "new"))
    old.touch()
    new.touch()
    os.utime(old, (0, time.time() - 2 * 24 * 3600))
    Store(store.folder).close()
    assert (old.exists(), new.exists()) == (False, True)


def test_stage_is_found_once_finished(store: Store) -> None:
    key = stage_key("train", {"cut": "b2", "seed": 7, "data": "ab" * 32})
    assert store.stage(key) is None
    model = store.artifacts.put(b"model")
    done = store.finish_stage(key, {"model": model}, {"epochs": 3})
    assert store.stage(key) == done
    assert done.outputs == {"model": model}
    assert done.facts == {"epochs": 3}


def test_first_to_finish_a_stage_stands(store: Store) -> None:
    key = stage_key("train", {})
    first = store.finish_stage(key, {"model": store.artifacts.put(b"first")})
    assert store.finish_stage(key, {"model": store.artifacts.put(b"second")}) == first


def test_stage_whose_output_is_gone_is_run_again(store: Store) -> None:
    key = stage_key("build", {})
    lost = store.artifacts.put(b"image")
    store.finish_stage(key, {"image": lost})
    store.artifacts.path(lost).unlink()
    assert store.stage(key) is None
    with pytest.raises(StoreError):
        store.finish_stage(key, {"image": lost})
    again = store.artifacts.put(b"image 2")
    store.finish_stage(key, {"image": again})
    found = store.stage(key)
    assert found is not None
    assert found.outputs == {"image": again}


def test_stage_key_depends_on_all_and_only_on_content() -> None:
    key = stage_key("train", {"a": 1, "b": {"c": [1.5, None]}})
    assert key == stage_key("train", {"b": {"c": [1.5, None]}, "a": 1})
    others = [
        stage_key("build", {"a": 1, "b": {"c": [1.5, None]}}),
        stage_key("train", {"a": 1, "b": {"c": [1.5]}}),
        stage_key("train", {"a": "1", "b": {"c": [1.5, None]}}),
    ]
    assert len({key, *others}) == 4
    with pytest.raises(ValueError, match="JSON compliant"):
        stage_key("train", {"a": float("nan")})


def test_study_goes_on_with_the_same_options(store: Store) -> None:
    options = {"limits": {"latency_ms": 100.0, "flash_kb": None}, "boards": ["a", "b"], "seed": 1}
    study = store.open_study("kws-nightly_1.0", "kws", options)
    assert store.open_study("kws-nightly_1.0", "kws", dict(options)) == study
    assert store.studies() == [study]
    assert study.status == "running"


@pytest.mark.parametrize(
    ("task", "changes", "told"),
    [
        ("kws", {"seed": 2}, "seed = 1 and this run has 2"),
        ("kws", {"limits": {"latency_ms": 50}}, "limits.latency_ms = 100 and this run has 50"),
        ("kws", {"extra": True}, "extra = None and this run has True"),
        ("vww", {}, "task = 'kws' and this run has 'vww'"),
    ],
)
def test_study_with_another_option_is_refused(store: Store, task: str, changes: dict, told: str) -> None:  # type: ignore[type-arg]
    options = {"limits": {"latency_ms": 100}, "seed": 1}
    store.open_study("s", "kws", options)
    with pytest.raises(InputError, match=told):
        store.open_study("s", task, options | changes)


@pytest.mark.parametrize("name", ["", "a b", "../x", ".hidden", "x" * 101, "a/b", "<b>", "a\n"])
def test_study_names_are_checked(store: Store, name: str) -> None:
    with pytest.raises(InputError, match="study name"):
        store.open_study(name, "kws", {})


def test_decision_is_kept_and_replaced(store: Store) -> None:
    store.open_study("s", "kws", {})
    store.save_decision("s", "desk", Decision(candidate=None, sentence="Nothing fits."))
    chosen = Decision(
        candidate="b2-aux",
        sentence="b2-aux is the most accurate within 100 ms.",
        verdicts={"b2-aux": "chosen", "b3-aux": "341 ms, over the limit of 100 ms"},
        facts={"limit_ms": 100},
    )
    store.save_decision("s", "desk", chosen)
    store.set_status("s", "decided")
    study = store.study("s")
    assert study.decisions == {"desk": chosen}
    assert study.status == "decided"
    with pytest.raises(StoreError, match="open the study first"):
        store.save_decision("none", "desk", chosen)
    with pytest.raises(InputError, match=r"no study 'none'.*there are: s"):
        store.study("none")
