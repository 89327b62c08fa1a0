"""What `soak.py` finds after its runner has been killed: processes, locks, and how its memory grew."""

import json
import os
import resource
from pathlib import Path
from typing import Any

from filelock import FileLock

MEMORY_GROWTH = 0.10
"""How much the runner's memory may grow from a quarter of its last life to its end, as a share."""


def processes_of(folder: Path) -> int:
    """Processes that were started with this folder as their runtime folder and live yet."""
    mark, found = f"HARNESS_RUNTIME_DIR={folder / 'runtime'}".encode(), 0
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            found += mark in path.read_bytes() and path.parent.name != str(os.getpid())
        except OSError:
            continue
    return found


def locks_held(folder: Path) -> int:
    """Lock files below the folder that somebody holds."""
    held = 0
    for path in folder.rglob("*.lock"):
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
            lock.release()
        except TimeoutError:
            held += 1
    return held


def note_memory(folder: Path) -> None:
    """Write down this process's memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    line = {"pid": os.getpid(), "rss_mb": pages * resource.getpagesize() / 2**20}
    with (folder / "memory.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def memory_figures(folder: Path) -> dict[str, Any]:
    """How the memory of the runner's last life grew."""
    lines = [json.loads(line) for line in (folder / "memory.jsonl").read_text().splitlines()]
    last = [line["rss_mb"] for line in lines if line["pid"] == lines[-1]["pid"]]
    quarter = last[len(last) // 4]
    return {
        "MB at a quarter of the last life": round(quarter, 1),
        "MB at its end": round(last[-1], 1),
        "memory grew": f"{last[-1] / quarter - 1:+.1%}",
        "memory flat": last[-1] <= quarter * (1 + MEMORY_GROWTH),
    }
