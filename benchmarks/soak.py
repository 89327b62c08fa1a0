"""Hundreds of measurements over virtual boards with injected faults, and a runner that is killed on the way.

    python benchmarks/soak.py --measurements 500

A runner process measures a fixed list of jobs on several boards at once and goes on, when it is started again, with
the jobs that have no row. It is killed three times with `kill -9`. Afterwards every job must have exactly one row,
every row the figures that the same image gives on a board without faults, and nothing may be left: no process, no
record of a virtual board, no lock that is held, no unfinished file. Memory of the runner must not grow.
"""

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock
from rich.console import Console
from rich.table import Table

from harness import api
from harness.measure import PerformanceRules
from harness.store import Measurement, Store
from harness.store.garbage import find_garbage

ROOT = Path(__file__).resolve().parent.parent
KILLS = 3
MEMORY_GROWTH = 0.10
"""How much the runner's memory may grow from a quarter of its last life to its end, as a share."""

_RULES = PerformanceRules(windows=2, iterations=1)
# One board in twenty measurements meets a fault: each job names the board that it is to be measured on.
_FAULTS = (
    "drop=0.002",
    "corrupt=0.002",
    "probe_busy=1",
    "duplicate=0.002",
    "reboot=0.001",
    "hang_after=40&times=1",
)
_FAULTY_SHARE = 0.05


@dataclass(frozen=True)
class Job:
    """One measurement: its number is the name of its model in the row."""

    number: int
    board: str

    @property
    def name(self) -> str:
        return f"soak-{self.number:04d}"


def jobs_of(count: int, lanes: int, seed: int = 0) -> list[list[Job]]:
    """The jobs of each lane; a lane measures one job at a time, on a board of its own."""
    chance = random.Random(seed)
    found: list[list[Job]] = [[] for _ in range(lanes)]
    for number in range(count):
        lane = number % lanes
        kind = ("nrf51-dk", "nrf52840-dk")[lane % 2]
        faults = f"?{chance.choice(_FAULTS)}&seed={number}" if chance.random() < _FAULTY_SHARE else ""
        found[lane].append(Job(number, f"virtual:{kind}{faults}"))
    return found


# --- the runner


def run(model: Path, folder: Path, count: int, lanes: int) -> None:
    """Measure every job that has no good row yet; write down memory as it goes."""
    with Store(folder / "results") as store:
        done = {row.model_name for row in store.measurements(status="ok")}
    lock, memory = threading.Lock(), folder / "memory.jsonl"

    def lane(jobs: list[Job]) -> None:
        for job in jobs:
            tries = 0
            while job.name not in done and tries < 5:
                tries += 1
                row = api.bench(
                    model,
                    job.board,
                    name=job.name,
                    task="digits",
                    samples=4,
                    rules=_RULES,
                    results_dir=folder / "results",
                )
                if row.status == "ok":
                    done.add(job.name)
                with lock, memory.open("a") as file:
                    file.write(json.dumps({"pid": os.getpid(), "rss_mb": _rss_mb()}) + "\n")

    with ThreadPoolExecutor(lanes) as pool:
        for future in [pool.submit(lane, jobs) for jobs in jobs_of(count, lanes)]:
            future.result()


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


# --- the one that starts it, kills it and looks at what is left


def soak(model: Path, folder: Path, count: int, lanes: int) -> dict[str, Any]:
    """The whole thing; gives the figures."""
    environment = os.environ | {
        "HARNESS_RUNTIME_DIR": str(folder / "runtime"),
        "HARNESS_STATE_DIR": str(folder / "state"),
        "HARNESS_BENCH_FILE": str(folder / "bench.toml"),
    }
    os.environ.update(environment)
    command = [sys.executable, __file__, "--measurements", str(count), "--lanes", str(lanes)]
    command += ["--model", str(model), "--folder", str(folder), "--runner"]
    store = Store(folder / "results")
    started = time.monotonic()
    kills, interrupted = 0, []
    while True:
        runner = subprocess.Popen(command, env=environment)
        goal = count * (kills + 1) // (KILLS + 1) if kills < KILLS else None
        while runner.poll() is None:
            time.sleep(0.2)
            if goal is not None and len(store.measurements()) >= goal:
                time.sleep(random.Random(kills).uniform(0, 1.5))  # anywhere in a measurement
                runner.send_signal(signal.SIGKILL)
                runner.wait()
                kills += 1
                interrupted.append(len(store.measurements()))
                break
        else:
            break
    seconds = time.monotonic() - started
    time.sleep(5)  # boards notice that their parent is gone
    rows = store.measurements()
    figures = _judge(rows, model, folder, count, lanes)
    connection = store._database.query("PRAGMA integrity_check")
    store.close()
    return {
        "measurements": count,
        "runner's exit code": runner.returncode,
        "kill -9": kills,
        "rows when killed": interrupted,
        "seconds": round(seconds, 1),
        **figures,
        "database": connection[0][0],
        "processes left": _processes_of(folder),
        "records left": len(list((folder / "runtime" / "virtual").glob("*.json"))),
        "locks held": _locks_held(folder),
        "unfinished files": len(list((folder / "results" / "artifacts" / "unfinished").iterdir())),
        "garbage": len(find_garbage(Store(folder / "results"))),
        **_memory(folder),
    }


def _judge(rows: list[Measurement], model: Path, folder: Path, count: int, lanes: int) -> dict[str, Any]:
    good = [row for row in rows if row.status == "ok"]
    times = Counter(row.model_name for row in good)
    wanted = {job.name: job.board for jobs in jobs_of(count, lanes) for job in jobs}
    truth = {
        kind: api.bench(
            model,
            f"virtual:{kind}",
            task="digits",
            samples=4,
            rules=_RULES,
            results_dir=folder / "truth",
        )
        for kind in {row.kind for row in good}
    }
    wrong = [
        row for row in good if _facts(row) != _facts(truth[row.kind]) or row.board != wanted[row.model_name]
    ]
    return {
        "faulty boards": sum("?" in board for board in wanted.values()),
        "good rows": len(good),
        "failed rows (told, and tried again)": len(rows) - len(good),
        "lost": len(set(wanted) - set(times)),
        "duplicated": sum(number - 1 for number in times.values()),
        "wrong": len(wrong),
    }


def _facts(row: Measurement) -> tuple[object, ...]:
    """What the same image gives on every board of its kind."""
    return (row.image_sha256, row.cycles, row.flash_bytes, row.ram_bytes, row.correct, row.outputs_sha256)


def _processes_of(folder: Path) -> int:
    """Processes that were started with this folder as their runtime folder and live yet."""
    mark, found = f"HARNESS_RUNTIME_DIR={folder / 'runtime'}".encode(), 0
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            found += mark in path.read_bytes() and path.parent.name != str(os.getpid())
        except OSError:
            continue
    return found


def _locks_held(folder: Path) -> int:
    held = 0
    for path in folder.rglob("*.lock"):
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
            lock.release()
        except TimeoutError:
            held += 1
    return held


def _memory(folder: Path) -> dict[str, Any]:
    lines = [json.loads(line) for line in (folder / "memory.jsonl").read_text().splitlines()]
    last = [line["rss_mb"] for line in lines if line["pid"] == lines[-1]["pid"]]
    quarter = last[len(last) // 4]
    return {
        "MB at a quarter of the last life": round(quarter, 1),
        "MB at its end": round(last[-1], 1),
        "memory grew": f"{last[-1] / quarter - 1:+.1%}",
        "memory flat": last[-1] <= quarter * (1 + MEMORY_GROWTH),
    }


def _sound(figures: dict[str, Any]) -> bool:
    zero = (
        "lost",
        "duplicated",
        "wrong",
        "processes left",
        "records left",
        "locks held",
        "runner's exit code",
    )
    return all(not figures[name] for name in zero) and figures["database"] == "ok" and figures["memory flat"]


def main() -> int:
    """Entry point: 0 where all holds, 1 otherwise."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measurements", type=int, default=500)
    parser.add_argument("--lanes", type=int, default=4, help="boards at the same time")
    parser.add_argument("--model", type=Path, help="an int8 .tflite model of the digits task [default: made]")
    parser.add_argument("--folder", type=Path, help="where everything goes [default: a temporary one]")
    parser.add_argument("--runner", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.runner:
        run(given.model, given.folder, given.measurements, given.lanes)
        return 0
    folder = given.folder or Path(tempfile.mkdtemp(prefix="harness-soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    figures = soak(given.model or _made(folder), folder, given.measurements, given.lanes)
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in figures.items():
        table.add_row(name, str(value))
    Console().print(table)
    if given.folder is None and _sound(figures):
        shutil.rmtree(folder)
    return 0 if _sound(figures) else 1


def _made(folder: Path) -> Path:
    from harness.nightly.health import known_good

    with Store(folder / "model") as store:
        return shutil.copyfile(known_good(store).model, folder / "digits.tflite")


if __name__ == "__main__":
    sys.exit(main())
