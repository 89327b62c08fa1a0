"""One night at a time in a results folder."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from harness.config.paths import ensure_writable
from harness.errors import BusyError
from harness.store.measurements import now_utc


@contextmanager
def night_lock(results_dir: Path) -> Iterator[None]:
    """Hold the right to run a night; the system frees it when the process ends, however it ends.

    Raises:
        BusyError: Another night is under way.
        InputError: The folder cannot be written.
    """
    folder = ensure_writable(results_dir)
    lock, holder = FileLock(folder / "nightly.lock"), folder / "nightly.holder.json"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(
            "nightly", f"another night is under way{_describe(holder)}; this one has not begun"
        ) from None
    try:
        holder.write_text(json.dumps({"pid": os.getpid(), "since_utc": now_utc()}))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def night_under_way(results_dir: Path) -> bool:
    """Whether a night runs now."""
    path = results_dir / "nightly.lock"
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def _describe(holder: Path) -> str:
    try:
        fields = json.loads(holder.read_text())
        return f" since {fields['since_utc'][:19].replace('T', ' ')} UTC in process {fields['pid']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
