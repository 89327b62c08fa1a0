"""Downloads with resume and checksums, and what of them is there."""

import hashlib
import os
import shutil
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

from harness.config.paths import ensure_writable
from harness.errors import InputError
from harness.tasks.official import listed_files
from harness.tasks.sources import Source

_CHUNK_BYTES = 1 << 18
_TIMEOUT_S = 30
_TRIES = 4

Progress = Callable[[str, int, int | None], None]
"""Called with a file's path, bytes done, and bytes in all where that is known."""


def fetch(source: Source, data_dir: Path, on_progress: Progress, *, pause_s: float = 1.0) -> bool:
    """Bring a file, and what it lists or holds, to the data folder; what is there and right stays.

    A download that broke off goes on where it stopped, also in a later call.

    Args:
        source: What to fetch.
        data_dir: Folder to fetch into; made if it is not there.
        on_progress: Told of the progress.
        pause_s: Between tries, seconds, doubled each time.

    Returns:
        Whether anything was downloaded.

    Raises:
        InputError: The file cannot be had or written, or is not what it must be.
    """
    target = data_dir / source.path
    if source.unpacks_to and (data_dir / source.unpacks_to).is_dir():
        return False
    done = _bring(source.url, target, source.sha256, on_progress, pause_s, source.size_bytes)
    if source.lists_files:
        base = source.url.rsplit("/", 1)[0]
        for name in listed_files(target):
            done |= _bring(f"{base}/{quote(name)}", target.parent / name, None, on_progress, pause_s)
    if source.unpacks_to:
        _unpack(target, data_dir, source.unpacks_to, source.bare)
        target.unlink()
    return done


def missing(source: Source, data_dir: Path) -> list[Path]:
    """What of a source is not in the data folder, or is not what it must be."""
    if source.unpacks_to:
        return [] if (data_dir / source.unpacks_to).is_dir() else [data_dir / source.unpacks_to]
    target = data_dir / source.path
    if not target.is_file() or (source.sha256 and sha256_of(target) != source.sha256):
        return [target]
    if not source.lists_files:
        return []
    return [path for path in (target.parent / name for name in listed_files(target)) if not path.is_file()]


def sha256_of(path: Path) -> str:
    """SHA-256 (64 hex characters) of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _bring(
    url: str,
    target: Path,
    sha256: str | None,
    on_progress: Progress,
    pause_s: float,
    size_bytes: int | None = None,
) -> bool:
    if target.is_file() and (sha256 is None or sha256_of(target) == sha256):
        return False
    ensure_writable(target.parent)
    part = target.with_name(f"{target.name}.part")
    _download(url, part, partial_progress(on_progress, str(target.name)), pause_s)
    if sha256 is not None and (found := sha256_of(part)) != sha256:
        part.unlink()
        raise InputError(
            f"{url} hashes to {found} and must to {sha256}: the download was damaged or the file was changed; "
            "it is thrown away, fetch it again"
        )
    if size_bytes is not None and (size := part.stat().st_size) != size_bytes:
        part.unlink()
        raise InputError(
            f"{url} has {size:,} bytes and must have {size_bytes:,}; it is thrown away, fetch it again"
        )
    os.replace(part, target)
    return True


def partial_progress(on_progress: Progress, name: str) -> Callable[[int, int | None], None]:
    """`on_progress` for one file."""
    return lambda done, total: on_progress(name, done, total)


def _download(url: str, part: Path, on_progress: Callable[[int, int | None], None], pause_s: float) -> None:
    """Append to `part` what it lacks of the file at `url`; tries again where the line breaks."""
    for tries_left in reversed(range(_TRIES)):
        try:
            _continue(url, part, on_progress)
            return
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416 and part.is_file():
                part.unlink()  # it does not go with the file there is now
            elif error.code < 500 or not tries_left:
                raise InputError(
                    f"cannot fetch {url}: the server answers {error.code} {error.reason}"
                ) from error
        except (urllib.error.URLError, HTTPException, ConnectionError, TimeoutError) as error:
            if not tries_left:
                reason = getattr(error, "reason", error)
                raise InputError(
                    f"cannot fetch {url}: {reason}; what came is kept, try again later"
                ) from error
        except OSError as error:
            raise InputError(f"cannot write {part}: {error.strerror or error}") from error
        time.sleep(pause_s * 2 ** (_TRIES - 1 - tries_left))
    raise InputError(f"cannot fetch {url}: it changes while it is fetched")


def _continue(url: str, part: Path, on_progress: Callable[[int, int | None], None]) -> None:
    done = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
        goes_on = answer.status == 206
        done = done if goes_on else 0
        length = answer.headers.get("Content-Length")
        total = done + int(length) if length else None
        with part.open("ab" if goes_on else "wb") as file:
            for chunk in _chunks(answer):
                file.write(chunk)
                done += len(chunk)
                on_progress(done, total)
    if total is not None and done < total:
        raise ConnectionError(f"it broke off after {done:,} of {total:,} bytes")


def _chunks(answer: Any) -> Iterator[bytes]:
    while chunk := answer.read(_CHUNK_BYTES):
        yield chunk


def _unpack(archive: Path, data_dir: Path, folder: str, bare: bool) -> None:
    """Unpack next to where it belongs and move it there, whole or not at all."""
    room = data_dir / f".{folder}.unpacking"
    shutil.rmtree(room, ignore_errors=True)
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                zipped.extractall(room)
        else:
            with tarfile.open(archive) as tarred:
                tarred.extractall(room, filter="data")
        os.replace(room if bare else room / folder, data_dir / folder)
    except (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        with suppress(OSError):
            archive.unlink()
        raise InputError(f"{archive} does not hold {folder}/: {error}; fetch it again") from error
    finally:
        shutil.rmtree(room, ignore_errors=True)
