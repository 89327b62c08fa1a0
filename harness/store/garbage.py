"""Files of a store that nothing needs any more."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.errors import StoreError
from harness.store.store import Store
from harness.store.studies import Study

ARTIFACT_GRACE_S = 3600.0
"""An artifact is stored before the row that names it: younger ones may belong to a command under way."""

ANSWERS_GRACE_S = 30 * 24 * 3600.0
"""How long the answers of a run that was killed wait to be gone on with; of a study, until it is decided."""

What = Literal["artifact", "unfinished file", "answers", "record of a virtual board"]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_ANSWERS = re.compile(r"(?P<study>.+)\.[0-9a-f]{64}\.txt")


@dataclass(frozen=True)
class Garbage:
    """A file that may go.

    Attributes:
        path: Where it is.
        what: Of what sort it is.
        size_bytes: What it takes.
    """

    path: Path
    what: What
    size_bytes: int


def find_garbage(store: Store) -> list[Garbage]:
    """Artifacts that no row, study or stage names, and answers that no run will go on with.

    What is named is every SHA-256 that stands anywhere in the database, in whatever table or text.

    Raises:
        StoreError: The database cannot be read.
    """
    old = time.time() - ARTIFACT_GRACE_S
    # First the files, then the names: what is stored between the two is young.
    files = [path for path in sorted(store.artifacts.folder.rglob("*")) if path.is_file()]
    named = set(_names(store))
    found: list[Garbage] = []
    for path in files:
        sha256 = path.name[:64]
        unfinished = path.parent.name == "unfinished"
        if unfinished or (_SHA256.fullmatch(sha256) and sha256 not in named):
            found.extend(_older(path, "unfinished file" if unfinished else "artifact", old))
    return [*found, *_needless_answers(store)]


def remove_garbage(garbage: list[Garbage]) -> int:
    """Remove the files; gives the bytes that became free.

    Raises:
        StoreError: One cannot be removed.
    """
    freed_bytes = 0
    for item in garbage:
        try:
            item.path.unlink()
        except FileNotFoundError:
            continue  # another process was first
        except OSError as error:
            raise StoreError(
                f"cannot remove {item.path}: {error.strerror}; check its folder's mode"
            ) from error
        freed_bytes += item.size_bytes
    return freed_bytes


def _needless_answers(store: Store) -> Iterator[Garbage]:
    """Answers of studies that are done, and those of other runs that nobody has gone on with for long."""
    # First the files, then the studies: one that begins between the two has its files yet to come.
    paths = sorted((store.folder / "answers").glob("*.txt"))
    done = {study.name for study in store.studies() if _is_done(store, study)}
    for path in paths:
        of = _ANSWERS.fullmatch(path.name)
        now = time.time()
        yield from _older(path, "answers", now if of and of["study"] in done else now - ANSWERS_GRACE_S)


def _is_done(store: Store, study: Study) -> bool:
    """Whether the same search once more would find a row for all that it asks for."""
    last = {(row.board, row.candidate, row.mode): row for row in store.measurements(study.name)}
    return study.status == "decided" and all(row.status == "ok" for row in last.values())


def _older(path: Path, what: What, than: float) -> Iterator[Garbage]:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return
    if stat.st_mtime < than:
        yield Garbage(path, what, stat.st_size)


def _names(store: Store) -> Iterator[str]:
    for text in store.texts():
        yield from _SHA256.findall(text)
