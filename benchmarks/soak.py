"""Hundreds of measurements over virtual boards with injected faults, and a runner that is killed on the way.

    python benchmarks/soak.py --measurements 500

A runner process measures a fixed list of jobs on several boards at once and goes on, when it is started again, with
the jobs that have no good row. It is killed three times with `kill -9`. Afterwards no job may be lost: each has exactly
one good row, or its last one is a failure that tells of the fault its board was given. Every good row must have the
figures that the same image gives on a board without faults, and nothing may be left: no process, no record of a
virtual board, no lock that is held, no unfinished file. Memory of the runner must not grow.
"""

import argparse
import os
import random
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

from rich.console import Console
from rich.table import Table
from soak_leftovers import locks_held, memory_figures, note_memory, processes_of

from harness import api
from harness.measure import PerformanceRules
from harness.store import Measurement, Store
from harness.store.garbage import find_garbage

ROOT = Path(__file__).resolve().parent.parent
KILLS = 3
TRIES = 5
"""How often a job is measured before its failure stands, over all lives of the runner."""

_RULES = PerformanceRules(windows=2, iterations=1)
_COMMANDS = 60  # a measurement sends 17: a board that hangs at one of so many does so in about one of four
_LINE = ("LinkError", "StateLostError", "ProtocolError", "BootError")
# One board in twenty measurements has a fault, which tells itself by one of these errors where it cannot be mended.
_FAULTS = {
    "drop=0.002": _LINE,
    "corrupt=0.002": _LINE,
    "duplicate=0.002": _LINE,
    "reboot=0.02": _LINE,
    "hang_after={command}&times=1": _LINE,
    "probe_busy=1": ("ProbeError",),
}
_FAULTY_SHARE = 0.05


@dataclass(frozen=True)
class Job:
    """One measurement.

    Attributes:
        number: Also the name of its model in the row.
        kind: Of its board.
        fault: Key of `_FAULTS`; None for a sound board.
    """

    number: int
    kind: str
    fault: str | None

    @property
    def name(self) -> str:
        return f"soak-{self.number:04d}"

    def board(self, attempt: int) -> str:
        """What it is measured on: the same fault, with other luck at each attempt, as of a cable that is loose."""
        if self.fault is None:
            return f"virtual:{self.kind}"
        luck = random.Random(f"{self.number} {attempt}")
        fault = self.fault.format(command=luck.randrange(1, _COMMANDS))
        return f"virtual:{self.kind}?{fault}&seed={luck.randrange(10**6)}"

    def is_reported_by(self, row: Measurement) -> bool:
        """Whether a failed row tells of the fault that its board was given."""
        return self.fault is not None and str(row.failure).split(":")[0] in _FAULTS[self.fault]


def jobs_of(count: int, lanes: int, seed: int = 0) -> list[list[Job]]:
    """The jobs of each lane; a lane measures one job at a time, on a board of its own."""
    chance = random.Random(seed)
    found: list[list[Job]] = [[] for _ in range(lanes)]
    for number in range(count):
        lane = number % lanes
        kind = ("nrf51-dk", "nrf52840-dk")[lane % 2]
        fault = chance.choice(list(_FAULTS)) if chance.random() < _FAULTY_SHARE else None
        found[lane].append(Job(number, kind, fault))
    return found


# --- the runner


def run(model: Path, folder: Path, count: int, lanes: int) -> None:
    """Measure every job that has no good row yet; write down memory as it goes."""
    with Store(folder / "results") as store:
        done = {row.model_name for row in store.measurements(status="ok")}
        failed = Counter(row.model_name for row in store.measurements(status="failed"))
    lock = threading.Lock()

    def lane(jobs: list[Job]) -> None:
        for job in jobs:
            for attempt in range(TRIES if job.name in done else failed[job.name], TRIES):
                row = api.bench(
                    model,
                    job.board(attempt),
                    name=job.name,
                    task="digits",
                    samples=4,
                    rules=_RULES,
                    results_dir=folder / "results",
                )
                with lock:
                    note_memory(folder)
                if row.status == "ok":
                    break

    with ThreadPoolExecutor(lanes) as pool:
        for future in [pool.submit(lane, jobs) for jobs in jobs_of(count, lanes)]:
            future.result()


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
        "processes left": processes_of(folder),
        "records left": len(list((folder / "runtime" / "virtual").glob("*.json"))),
        "locks held": locks_held(folder),
        "unfinished files": len(list((folder / "results" / "artifacts" / "unfinished").iterdir())),
        "garbage": len(find_garbage(Store(folder / "results"))),
        **memory_figures(folder),
    }


def _judge(rows: list[Measurement], model: Path, folder: Path, count: int, lanes: int) -> dict[str, Any]:
    jobs = {job.name: job for lane in jobs_of(count, lanes) for job in lane}
    of: dict[str, list[Measurement]] = {name: [] for name in jobs}
    for row in rows:
        of[row.model_name].append(row)
    good = [row for row in rows if row.status == "ok"]
    failed = [row for row in rows if row.status != "ok"]
    last = {name: its[-1] for name, its in of.items() if its}
    given_up = [row for row in last.values() if row.status != "ok"]
    truth = {kind: _sound_row(model, folder, kind) for kind in {row.kind for row in good}}
    boards = {name: {job.board(attempt) for attempt in range(TRIES)} for name, job in jobs.items()}
    wrong = [
        row
        for row in good
        if _facts(row) != _facts(truth[row.kind]) or row.board not in boards[row.model_name]
    ]
    told = Counter(f"{row.board.split('?')[-1]}: {row.failure}" for row in failed)
    return {
        "faulty boards": sum(job.fault is not None for job in jobs.values()),
        "good rows": len(good),
        "failed rows": len(failed),
        "what failed": "\n".join(told) or "nothing",
        "lost (no row)": len(jobs) - len(last),
        "reported (the last row tells of the fault)": len(given_up),
        "failed rows that tell of no fault": sum(
            not jobs[row.model_name].is_reported_by(row) for row in failed
        ),
        "duplicated": sum(max(0, sum(row.status == "ok" for row in its) - 1) for its in of.values()),
        "wrong": len(wrong),
    }


def _sound_row(model: Path, folder: Path, kind: str) -> Measurement:
    """The same image on a board without faults."""
    return api.bench(
        model, f"virtual:{kind}", task="digits", samples=4, rules=_RULES, results_dir=folder / "truth"
    )


def _facts(row: Measurement) -> tuple[object, ...]:
    """What the same image gives on every board of its kind."""
    return (row.image_sha256, row.cycles, row.flash_bytes, row.ram_bytes, row.correct, row.outputs_sha256)


def _sound(figures: dict[str, Any]) -> bool:
    zero = (
        "lost (no row)",
        "failed rows that tell of no fault",
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
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
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
