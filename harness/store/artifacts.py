"""Files by the hash of their content."""

import errno
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

from harness.config.paths import ensure_writable
from harness.errors import InputError, StoreError

_STALE_S = 24 * 3600


class Artifacts:
    """A folder of files named by their SHA-256. What is there is complete and never changes."""

    def __init__(self, folder: Path) -> None:
        """Open the folder, making it as needed.

        Raises:
            InputError: It cannot be made or written to.
        """
        self.folder = ensure_writable(folder)
        self._unfinished = ensure_writable(folder / "unfinished")
        self._sweep()

    def put(self, content: bytes | Path, suffix: str = "") -> str:
        """Store bytes or a copy of a file.

        Args:
            content: The bytes, or the file's path.
            suffix: What the stored name ends with, as `.tflite`.

        Returns:
            The SHA-256 as 64 hex digits.

        Raises:
            InputError: The given file cannot be read.
            StoreError: It cannot be stored.
        """
        if "/" in suffix or "\\" in suffix:
            raise ValueError(f"a suffix has no folder: {suffix!r}")
        handle, name = self._temporary()
        try:
            with os.fdopen(handle, "wb") as file:
                if isinstance(content, Path):
                    with _open_given(content) as source:
                        shutil.copyfileobj(source, file)
                else:
                    file.write(content)
                file.flush()
                os.fsync(file.fileno())
            with open(name, "rb") as file:  # what is hashed is what was stored
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            target = self._target(sha256, suffix)
            if not _touched(target):
                target.parent.mkdir(exist_ok=True)
                os.chmod(name, 0o444)
                os.replace(name, target)
                _sync_folder(target.parent)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            why = "the disk is full; free some space" if full else f"{error.strerror or error}"
            raise StoreError(f"cannot store an artifact in {self.folder}: {why}") from error
        finally:
            Path(name).unlink(missing_ok=True)
        return sha256

    def path(self, sha256: str) -> Path:
        """Where the artifact lies.

        Raises:
            StoreError: It is not there.
        """
        found = self._find(sha256)
        if found is None:
            raise StoreError(f"the artifact {sha256[:16]} is not in {self.folder}; make it anew")
        return found

    def has(self, sha256: str) -> bool:
        """Whether the artifact is there."""
        return self._find(sha256) is not None

    def read(self, sha256: str) -> bytes:
        """The artifact's bytes, checked against their hash.

        Raises:
            StoreError: It is not there or has been changed.
        """
        path = self.path(sha256)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror}") from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise StoreError(f"{path} is not what was stored; remove it and make it anew")
        return content

    def _target(self, sha256: str, suffix: str) -> Path:
        return self.folder / sha256[:2] / f"{sha256}{suffix}"

    def _find(self, sha256: str) -> Path | None:
        if len(sha256) != 64 or not all(digit in "0123456789abcdef" for digit in sha256):
            raise ValueError(f"not a SHA-256: {sha256!r}")
        return next(iter(sorted((self.folder / sha256[:2]).glob(f"{sha256}*"))), None)

    def _temporary(self) -> tuple[int, str]:
        try:
            return tempfile.mkstemp(dir=self._unfinished)
        except OSError as error:
            raise StoreError(f"cannot store an artifact in {self.folder}: {error.strerror}") from error

    def _sweep(self) -> None:
        """Remove what killed processes left behind."""
        for path in self._unfinished.iterdir():
            try:
                if time.time() - path.stat().st_mtime > _STALE_S:
                    path.unlink(missing_ok=True)
            except OSError:
                continue  # another process was first, or it is not ours to remove


def _touched(path: Path) -> bool:
    """Whether the file is there; it is young again then, so that no garbage collection takes it."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _open_given(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
