"""Files of a store that nothing needs any more."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.errors import StoreError
from harness.store.store import Store

ARTIFACT_GRACE_S = 3600.0
"""An artifact is stored before the row that names it: younger ones may belong to a command under way."""

ANSWERS_GRACE_S = 30 * 24 * 3600.0
"""How long the answers of a run that was killed wait to be gone on with."""

What = Literal["artifact", "unfinished file", "answers", "record of a virtual board"]

_SHA256 = re.compile(r"[0-9a-f]{64}")


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
    """Artifacts that no row, study or stage names, and answers of runs that nobody went on with.

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
    for path in sorted((store.folder / "answers").glob("*.txt")):
        found.extend(_older(path, "answers", time.time() - ANSWERS_GRACE_S))
    return found


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
