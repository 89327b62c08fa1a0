"""Collecting garbage takes what nothing names, and nothing else."""

import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.search.answers import answers_file
from harness.store import Decision, Store
from harness.store.garbage import find_garbage, remove_garbage
from tests.store.rows import row


def _old(path: Path, days: float = 1.0) -> Path:
    then = time.time() - days * 24 * 3600
    os.utime(path, (then, then))
    return path


def _put(store: Store, content: bytes) -> tuple[str, Path]:
    sha256 = store.artifacts.put(content, ".bin")
    return sha256, _old(store.artifacts.path(sha256))


def test_whatever_the_database_names_stays(store: Store) -> None:
    names = {
        what: _put(store, what.encode()) for what in ("row", "stage", "fact", "option", "decision", "lost")
    }
    store.add(row(layers_sha256=names["row"][0]))
    store.finish_stage("1" * 64, {"model": names["stage"][0]}, {"deep": [{"inside": names["fact"][0]}]})
    store.open_study("s", "digits", {"reference": f"file {names['option'][0]}"})
    facts = {"evidence": names["decision"][0]}
    store.save_decision("s", "desk", Decision(candidate=None, sentence="none", facts=facts))
    found = find_garbage(store)
    assert [item.path for item in found] == [names["lost"][1]]
    assert remove_garbage(found) == len(b"lost")
    assert [what for what, (_, path) in names.items() if not path.exists()] == ["lost"]
    assert find_garbage(store) == []


def test_what_is_young_stays_and_what_is_stored_again_is_young(store: Store) -> None:
    sha256, path = _put(store, b"about to be named")
    assert len(find_garbage(store)) == 1
    assert store.artifacts.put(b"about to be named", ".bin") == sha256
    assert find_garbage(store) == []
    assert path.exists()


def test_answers_of_killed_runs_and_unfinished_files(store: Store) -> None:
    answers = store.folder / "answers"
    answers.mkdir()
    (answers / "recent.txt").touch()
    (answers / "ancient.txt").write_bytes(b"12345")
    _old(answers / "recent.txt", days=2)
    _old(answers / "ancient.txt", days=40)
    half = store.artifacts.folder / "unfinished" / "tmp123"
    half.write_bytes(b"1234567")
    _old(half, days=0.5)
    found = {item.path.name: (item.what, item.size_bytes) for item in find_garbage(store)}
    assert found == {"tmp123": ("unfinished file", 7), "ancient.txt": ("answers", 5)}


def test_answers_stay_as_long_as_their_study_may_ask_for_them(store: Store) -> None:
    image, board = SimpleNamespace(image_sha256="a" * 64), SimpleNamespace(name="desk")
    path, single = (
        answers_file(store, image, board, None, None, study)  # type: ignore[arg-type]
        for study in ("wide.v2", None)
    )
    path.parent.mkdir()
    for each in (path, single):
        each.write_bytes(b"12345")
        _old(each, days=1)
    assert find_garbage(store) == [], "of no study of this store"
    store.open_study("wide.v2", "digits", {})
    store.open_study("wide", "digits", {})
    store.set_status("wide", "decided")
    assert find_garbage(store) == [], "the study still runs, or was stopped"
    store.add(row(study="wide.v2", candidate="b1-aux", status="failed", failure="LinkError: silent"))
    store.set_status("wide.v2", "decided")
    assert find_garbage(store) == [], "the same search once more would measure what failed"
    store.add(row(study="wide.v2", candidate="b1-aux"))
    assert [(item.path, item.what) for item in find_garbage(store)] == [(path, "answers")]
    store.set_status("wide.v2", "running")
    assert find_garbage(store) == [], "it was begun again"


def test_file_that_another_process_removed_is_not_counted(store: Store) -> None:
    _, path = _put(store, b"gone")
    found = find_garbage(store)
    path.unlink()
    assert remove_garbage(found) == 0


@pytest.mark.parametrize("folder", ["artifacts", "artifacts/ab"])
def test_strange_files_are_left_alone(store: Store, folder: str) -> None:
    path = store.folder / folder / "notes.txt"
    path.parent.mkdir(exist_ok=True)
    path.touch()
    _old(path)
    assert find_garbage(store) == []
