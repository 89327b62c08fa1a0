"""Nights with a measuring function that does what the test says."""

import threading
import time
from concurrent.futures import CancelledError

import pytest

from harness.bench.quarantine import lift, quarantined
from harness.errors import (
    BuildError,
    BusyError,
    DoesNotFitError,
    InputError,
    LinkError,
    MeasurementError,
    ProbeError,
    StoreError,
)
from harness.nightly import Budget, BudgetObserver, Job
from harness.nightly.observer import NightObserver
from harness.store import HEALTH, Measurement, Store
from tests.nightly.nights import night, plan, row, states


def test_quiet_nights(store: Store) -> None:
    first = night(store, plan("a", "b"), lambda job, board, mode: row(board))
    second = night(store, plan("a", "b"), lambda job, board, mode: row(board))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert second.summary == "night 2: 2 of 2 fine"
    assert states(second) == dict.fromkeys([(HEALTH, "a"), (HEALTH, "b"), ("kws", "a"), ("kws", "b")], "ok")
    assert second.ended_utc is not None


def test_regression_is_held_against_its_own_board_and_names_commit_and_image(store: Store) -> None:
    def first(job: Job, board: str, mode: str) -> Measurement:
        return row(board, latency_us=100.0 if board == "a" else 1000.0, image_sha256="1" * 64)

    night(store, plan("a", "b"), first, revision="e" * 40)
    worse = night(store, plan("a", "b"), lambda j, b, m: row(b, image_sha256="2" * 64), revision="f" * 40)
    assert worse.exit_code == 1
    assert states(worse)["kws", "a"] == "regression"
    assert states(worse)["kws", "b"] == "ok"
    assert worse.summary is not None
    assert worse.summary.startswith("night 2: 1 worse; 1 of 2 fine. kws on a: latency 1.00 ms, was 100 us")
    assert f"commit {'e' * 12} -> {'f' * 12}, image_sha256 {'1' * 12} -> {'2' * 12}" in worse.summary


def test_regression_stays_one_until_it_is_mended_or_accepted(store: Store) -> None:
    latencies = iter([100.0, 100.0, 100.0, 200.0, 200.0, 200.0, 201.0, 100.0, 300.0])

    def measure(job: Job, board: str, mode: str) -> Measurement:
        return row(board, latency_us=next(latencies))

    codes = [night(store, plan(), measure).exit_code for _ in range(5)]
    assert codes == [0, 0, 0, 1, 1]
    assert store.accept_night_results("other", None) == 0
    assert store.accept_night_results("kws", "b") == 0
    assert store.accept_night_results("kws", None) == 1
    assert [night(store, plan(), measure).exit_code for _ in range(4)] == [0, 0, 0, 1]


def test_own_measurements_of_the_same_model_are_no_history(store: Store) -> None:
    store.add(row(latency_us=1.0))
    night(store, plan(), lambda j, b, m: row(b))
    assert night(store, plan(), lambda j, b, m: row(b)).exit_code == 0


def test_failing_board_is_tried_again_and_does_not_stop_the_others(store: Store) -> None:
    tries: list[str] = []

    def measure(job: Job, board: str, mode: str) -> Measurement:
        tries.append(board)
        if board == "a":
            raise LinkError("a", "silent")
        if tries.count("b") == 1:
            return row(board, status="failed", failure="LinkError: b: silent", latency_us=None)
        return row(board)

    found = night(store, plan("a", "b"), measure)
    assert sorted(tries) == ["a", "a", "b", "b"]
    assert found.exit_code == 3
    results = {result.board: result for result in found.results if result.job == "kws"}
    assert (results["a"].state, results["a"].sentence, results["a"].attempts) == (
        "failed",
        "LinkError: silent",
        2,
    )
    assert (results["b"].state, results["b"].attempts) == ("ok", 2)


@pytest.mark.parametrize("fault", [BuildError("no"), InputError("no"), KeyError("bug")])
def test_faults_that_a_retry_cannot_mend(store: Store, fault: Exception) -> None:
    tries: list[str] = []

    def measure(job: Job, board: str, mode: str) -> Measurement:
        tries.append(board)
        raise fault

    found = night(store, plan(jobs=2), measure)
    assert tries == ["a", "a"]
    assert set(states(found).values()) == {"ok", "invalid"}
    assert found.exit_code == 3
    assert quarantined() == []


def test_image_too_large_is_a_regression_and_not_a_failure(store: Store) -> None:
    def measure(job: Job, board: str, mode: str) -> Measurement:
        raise DoesNotFitError("nrf51-dk", "ram", 40_000, 32_768)

    found = night(store, plan(), measure)
    assert (found.exit_code, states(found)["kws", "a"]) == (1, "regression")


def test_broken_store_ends_the_night(store: Store) -> None:
    def measure(job: Job, board: str, mode: str) -> Measurement:
        raise StoreError("the disk is full")

    with pytest.raises(StoreError):
        night(store, plan(), measure)
    assert store.nights(1)[0].ended_utc is None


def test_sick_board_does_no_job(store: Store) -> None:
    measured: list[str] = []

    def check(board: str) -> None:
        if board == "a":
            raise MeasurementError("a: sample 0 of the known-good image is answered wrongly")

    def measure(job: Job, board: str, mode: str) -> Measurement:
        measured.append(board)
        return row(board)

    found = night(store, plan("a", "b", jobs=2), measure, check)
    assert measured == ["b", "b"]
    assert states(found)[HEALTH, "a"] == "failed"
    assert states(found)["kws", "a"] == "skipped"
    assert found.exit_code == 3
    assert found.summary is not None
    assert "health check on a: MeasurementError" in found.summary


def test_board_that_fails_again_and_again_is_set_aside_until_it_is_lifted(store: Store) -> None:
    checked: list[str] = []

    def check(board: str) -> None:
        checked.append(board)
        raise ProbeError(board, "no probe")

    def one() -> str:
        return states(night(store, plan(retries=0, quarantine_after=2), lambda j, b, m: row(b), check))[
            HEALTH, "a"
        ]

    assert [one(), one()] == ["failed", "failed"]
    (entry,) = quarantined()
    assert entry.unit == "a"
    assert entry.reason == "failed 2 times in a row, last: ProbeError: no probe"
    assert one() == "skipped"
    assert len(checked) == 2
    lift("a")
    assert [one(), quarantined(), one(), len(quarantined()), one()] == ["failed", [], "failed", 1, "skipped"]


def test_finished_job_forgives_earlier_failures(store: Store) -> None:
    failing = iter([True, False, True])

    def measure(job: Job, board: str, mode: str) -> Measurement:
        if next(failing):
            raise LinkError(board, "silent")
        return row(board)

    for _ in range(3):
        night(store, plan(retries=0, quarantine_after=2), measure)
    assert quarantined() == []
    assert store.faults_in_a_row("a") == 1


def test_board_in_use_is_not_its_fault(store: Store) -> None:
    def check(board: str) -> None:
        raise BusyError(board, "in use by process 7")

    found = night(store, plan(quarantine_after=1), lambda j, b, m: row(b), check)
    assert (found.exit_code, states(found)[HEALTH, "a"], quarantined()) == (3, "skipped", [])


def test_boards_work_at_the_same_time_and_a_board_on_one_thing(store: Store) -> None:
    both = threading.Barrier(2, timeout=10)
    busy: set[str] = set()

    def measure(job: Job, board: str, mode: str) -> Measurement:
        assert board not in busy
        busy.add(board)
        both.wait()  # breaks, unless the other board measures now too
        busy.remove(board)
        return row(board)

    assert night(store, plan("a", "b", jobs=3), measure).exit_code == 0


def test_nothing_begins_once_the_time_is_spent_whatever_the_clock_on_the_wall_says(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = Budget(0.2 / 60)
    observer = BudgetObserver(budget, NightObserver())
    begun: list[str] = []

    def measure(job: Job, board: str, mode: str) -> Measurement:
        begun.append(job.name)
        monkeypatch.setattr(time, "time", lambda: 0.0)  # the clock is set back
        while True:
            observer.measuring(board, "x", "accuracy", 1, 10)
            time.sleep(0.01)

    found = night(store, plan(jobs=3), measure, budget=budget)
    assert begun == ["kws"]
    assert [states(found)[job, "a"] for job in ("kws", "ad", "ic")] == ["skipped"] * 3
    assert found.exit_code == 3
    with pytest.raises(CancelledError):
        observer.measuring("a", "x", "accuracy", 1, 10)
