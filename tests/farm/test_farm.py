"""A search on a farm of separate processes, of which one is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from harness import api
from harness.errors import BoardError, BusyError, InputError
from harness.farm import client, kept
from harness.farm.client import Farm, scheduler_url
from harness.farm.crew import FarmBoard
from harness.farm.kept import close_boards, kept_board
from harness.farm.names import board_resource, boards_of
from harness.measure import PerformanceRules
from harness.search.board_search import Rival, Stop
from harness.search.evaluate import Evaluator
from harness.search.observer import Observer
from harness.search.samples import shuffled
from harness.search.subject import Subject
from harness.search.worker import BoardWorker
from harness.store import Measurement, Store
from harness.tasks import load_task

distributed = pytest.importorskip("distributed")

BOARD = "virtual:nrf52840-dk"


def test_boards_are_read_from_resources() -> None:
    names = [
        board_resource("nrf51-dk", "desk 1"),
        board_resource("nrf51-dk", "virtual:nrf51-dk?drop=0.1"),
        "training",
    ]
    assert boards_of(names) == {"desk 1": "nrf51-dk", "virtual:nrf51-dk?drop=0.1": "nrf51-dk"}


@pytest.mark.parametrize(
    "address", ["lab:8786", "dask://lab", "dask://:8786", "http://lab:8786", "dask://lab:x", ""]
)
def test_addresses_are_checked(address: str) -> None:
    with pytest.raises(InputError, match="dask://HOST:PORT"):
        scheduler_url(address)
    assert scheduler_url("dask://lab:8786") == "tcp://lab:8786"


class Workers:
    """Processes of `harness worker` for one scheduler."""

    def __init__(self, address: str, folder: Path) -> None:
        self._address = address.replace("tcp://", "dask://")
        self._folder = folder
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *options: str) -> subprocess.Popen[str]:
        environment = os.environ | {"HARNESS_RUNTIME_DIR": str(self._folder / "runtime")}
        command = [sys.executable, "-c", "from harness.cli.main import main; main()", "worker"]
        process = subprocess.Popen(
            [*command, "--scheduler", self._address, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.processes.append(process)
        assert process.stdout is not None
        assert "offers" in process.stdout.readline()
        return process

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with distributed.LocalCluster(
        n_workers=0, processes=True, dashboard_address=None, scheduler_port=0, silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address.replace("tcp://", "dask://")


@pytest.fixture
def workers(address: str, tmp_path: Path) -> Iterator[Workers]:
    started = Workers(address, tmp_path)
    yield started
    started.close()


class Killer(Observer):
    """Kills a process once a step of the search has been told."""

    def __init__(self, process: Callable[[], subprocess.Popen[str]]) -> None:
        self._process = process
        self.killed = False

    def training(self, candidate: str, epoch: int, epochs: int) -> None:
        if not self.killed:
            time.sleep(0.5)  # the job is under way there
            self.killed = True
            self._process().send_signal(signal.SIGKILL)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_search_goes_on_when_a_worker_is_killed(
    address: str, workers: Workers, tmp_path: Path, digits_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(digits_cache))
    first = workers.start("--board", BOARD)
    # The second one comes late, so that the job that is killed is the first one's.
    started: list[subprocess.Popen[str]] = []

    def kill() -> subprocess.Popen[str]:
        started.append(workers.start("--board", BOARD))
        return first

    killer = Killer(kill)
    decisions = api.search(
        "digits",
        [BOARD],
        "far",
        heads=("dense",),
        samples=20,
        max_accuracy_drop=5.0,
        executor=address,
        results_dir=tmp_path / "results",
        observer=killer,
    )
    assert killer.killed
    assert first.wait(10) == -signal.SIGKILL
    assert started[0].poll() is None
    assert decisions[BOARD].candidate is not None
    with Store(tmp_path / "results") as store:
        rows = store.measurements("far")
        assert {row.status for row in rows} == {"ok"}
        assert {row.board for row in rows} == {BOARD}
        kinds = [(row.candidate, row.trained, row.samples, row.mode) for row in rows]
        assert len(set(kinds)) == len(kinds), "nothing is measured twice"
        chosen = [row for row in rows if row.candidate == decisions[BOARD].candidate and row.outputs_sha256]
        assert chosen[-1].outputs_sha256 is not None
        store.artifacts.read(chosen[-1].outputs_sha256)


@pytest.mark.timeout(120)
def test_far_board_stays_open_between_jobs_and_asks_no_more_than_a_near_one(
    address: str, workers: Workers, tmp_path: Path, digits_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(tmp_path / "cache"))
    process = workers.start("--board", BOARD, "--no-train")
    samples = shuffled(load_task("digits").test, 0)
    # Some tens of right answers decide that it is better than one that is always wrong, by half of all samples.
    stop = Stop(samples.y, [Rival(np.zeros(len(samples), np.bool_), -0.5, frozenset({"below"}))])
    rules = PerformanceRules(windows=1, iterations=1)
    subject = Subject(digits_model, "digits", "custom")

    def measured(board: BoardWorker, store: Store) -> tuple[Measurement, Measurement]:
        asking = Evaluator(store, rules=rules, samples=samples, split="test", stops=True)
        timing = Evaluator(store, rules=rules, mode="performance")
        with board:
            return board.evaluate(asking, subject, stop), board.evaluate(timing, subject)

    with Store(tmp_path / "results") as store, Farm(address) as farm:
        far, far_timing = measured(FarmBoard(farm, BOARD, Observer()), store)
        near, _ = measured(BoardWorker(BOARD, Observer()), store)
    assert far.samples is not None and 10 < far.samples < 100 < len(samples)
    assert (far.samples, far.outputs_sha256, far.cycles) == (near.samples, near.outputs_sha256, near.cycles)
    assert far_timing.probe == far.probe, "the same process of the virtual board"
    assert near.probe != far.probe
    records = tmp_path / "runtime" / "virtual"
    assert len(list(records.glob("*.json"))) == 1
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert list(records.glob("*.json")) == []


class Recorded(BoardWorker):
    """A worker without a board, that writes down what is done to it, and in which thread."""

    def __init__(self, board: str, observer: Observer) -> None:
        super().__init__(board, observer)
        self.done: list[tuple[str, int]] = []
        self.idle = threading.Event()

    def note(self, what: str) -> None:
        self.done.append((what, threading.get_ident()))

    def release(self) -> None:
        self.note("release")
        super().release()
        self.idle.set()


def test_kept_board_is_released_when_idle_and_when_the_worker_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "BoardWorker", Recorded)
    monkeypatch.setattr(kept, "IDLE_S", 0.2)
    board = kept_board("desk")
    assert kept_board("desk") is board
    worker = board.run(lambda worker: worker)
    assert isinstance(worker, Recorded)
    with pytest.raises(BusyError, match="in use"):
        board.run(lambda _: _raise(BusyError("desk", "in use")))
    with ThreadPoolExecutor(2) as pool:  # as the jobs of a farm, from any thread
        list(pool.map(lambda what: board.run(lambda _: worker.note(what)), ("job", "job")))
    assert worker.idle.wait(10)
    board.run(lambda _: worker.note("late job"))
    close_boards()
    assert [what for what, _ in worker.done] == ["job", "job", "release", "late job", "release"]
    assert {thread for _, thread in worker.done} != {threading.get_ident()}
    assert len({thread for _, thread in worker.done}) == 1, "a lease belongs to one thread"
    assert kept_board("desk") is not board
    close_boards()


def _raise(error: Exception) -> None:
    raise error


def test_board_that_nobody_has_any_more_is_reported(
    address: str, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "LOST_S", 1.0)
    worker = workers.start("--board", BOARD, "--no-train")
    resource = board_resource("nrf52840-dk", BOARD)
    with Farm(address) as farm:
        assert farm.kind_of(BOARD) == "nrf52840-dk"
        assert farm.run(resource, time.monotonic) > 0
        with pytest.raises(InputError, match="there are: virtual:nrf52840-dk"):
            farm.kind_of("desk")
        with pytest.raises(BusyError, match="desk: in use") as caught:
            farm.run(resource, dict({"f": BusyError("desk", "in use")}).get, "f")
        assert caught.value.board == "desk"
        waits = iter(range(100))

        def on_wait() -> None:
            if next(waits) == 2:
                worker.send_signal(signal.SIGKILL)

        with pytest.raises(BoardError, match=f"{BOARD}: no worker of the farm has it any more"):
            farm.run(resource, time.sleep, 60, on_wait=on_wait)


def test_nobody_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_CONNECT_S", 0.5)
    with pytest.raises(InputError, match=r"no Dask scheduler answers at dask://127\.0\.0\.1:9"):
        Farm("dask://127.0.0.1:9")
