"""Leases: who may use a real board now, across all processes of the machine."""

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from harness.bench.unit import Unit
from harness.config.paths import ensure_writable, runtime_dir
from harness.errors import BusyError

# `holder_of` takes the lock for a moment to see whether it is free.
_GLANCE_S = 0.2


@contextmanager
def lease(unit: Unit, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the board exclusively; the system frees it when the process ends, however it ends.

    A virtual board that nobody serves needs no lease: each one that is opened is a process of its own.

    Args:
        unit: The board.
        wait_s: How long to wait for another holder.

    Raises:
        BusyError: Another process holds it; the message says which one and since when.
        InputError: The folder of the leases cannot be written.
    """
    if not unit.standing:
        yield
        return
    folder = ensure_writable(runtime_dir() / "leases")
    # The probe, not the name, is what must not be shared.
    stem = re.sub(r"[^A-Za-z0-9._-]", "_", unit.probe)
    lock, holder = FileLock(folder / f"{stem}.lock"), folder / f"{stem}.json"
    try:
        lock.acquire(timeout=max(wait_s, _GLANCE_S))
    except Timeout:
        raise BusyError(unit.name, f"in use by {_describe(holder)}; wait for it or stop it") from None
    try:
        command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
        since = time.strftime("%Y-%m-%d %H:%M:%S")
        holder.write_text(json.dumps({"pid": os.getpid(), "command": command, "since": since}))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def holder_of(unit: Unit) -> str | None:
    """Who holds the board now, in words; `None` if nobody does."""
    folder = runtime_dir() / "leases"
    stem = re.sub(r"[^A-Za-z0-9._-]", "_", unit.probe)
    path = folder / f"{stem}.lock"
    if not unit.standing or not path.exists():
        return None
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return _describe(folder / f"{stem}.json")
    lock.release()
    return None


def _describe(holder: Path) -> str:
    try:
        fields = json.loads(holder.read_text())
        return f"process {fields['pid']} ({fields['command']}) since {fields['since']}"
    except (OSError, ValueError, KeyError):
        return "another process"
