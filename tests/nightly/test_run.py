"""Nights with a measuring function that does what the test says."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.errors import BuildError, DoesNotFitError, InputError, LinkError, StoreError
from harness.nightly import Job, NightlyResult, Plan, Thresholds, junit_xml, run_plan, write_junit
from harness.nightly.compare import compare
from harness.store import Measurement, Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "results") as opened:
        yield opened


def row(board: str = "a", **changes: Any) -> Measurement:
    values: dict[str, Any] = {
        "run_id": "r",
        "board": board,
        "kind": "nrf51-dk",
        "virtual": True,
        "model_sha256": "00" * 32,
        "model_name": "kws",
        "latency_us": 1000.0,
        "flash_bytes": 50_000,
        "ram_bytes": 20_000,
        "accuracy": 0.9,
        "samples": 1000,
        "split": "test",
        "fits": True,
    }
    return Measurement(**(values | changes))


def plan(*boards: str, retries: int = 1) -> Plan:
    return Plan(jobs=(Job(name="kws", model=Path("kws.tflite"), boards=boards or ("a",)),), retries=retries)


# --- compare


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"latency_us": 1020.0}, []),
        ({"latency_us": 1021.0}, ["latency 1.02 ms, was 1.00 ms: +2.1 %, 2 % allowed"]),
        ({"flash_bytes": 50_500}, []),
        ({"flash_bytes": 50_600}, ["flash 49.4 KB, was 48.8 KB: +1.2 %, 1 % allowed"]),
        ({"ram_bytes": 30_000}, ["RAM 29.3 KB, was 19.5 KB: +50.0 %, 1 % allowed"]),
        ({"accuracy": 0.89}, []),
        ({"accuracy": 0.888}, ["accuracy 88.80 %, was 90.00 %: -1.20 points, 1 allowed"]),
        ({"accuracy": 0.5, "samples": 10}, []),
        ({"accuracy": 0.5, "split": "other"}, []),
        ({"latency_us": 500.0, "accuracy": 1.0, "flash_bytes": 1}, []),
        ({"latency_us": None, "accuracy": None, "flash_bytes": None, "ram_bytes": None}, []),
        ({"latency_us": 9999.0, "board": "b"}, []),
        ({"latency_us": 9999.0, "model_name": "vww"}, []),
    ],
)
def test_thresholds(changes: dict[str, Any], told: list[str]) -> None:
    found = compare(row(**changes), [row()], Thresholds())
    assert [regression.sentence for regression in found] == told


def test_history_is_the_median_of_the_last_good_rows() -> None:
    earlier = [
        *(row(latency_us=1.0) for _ in range(10)),
        *(row(latency_us=latency) for latency in (1000.0, 5000.0, 1000.0)),
        row(latency_us=1.0, status="failed"),
        row(latency_us=None),
    ]
    thresholds = Thresholds(history=3)
    assert compare(row(latency_us=1019.0), earlier, thresholds) == []
    assert len(compare(row(latency_us=1021.0), earlier, thresholds)) == 1


def test_no_history_no_regression() -> None:
    assert compare(row(latency_us=1e9), [], Thresholds()) == []


def test_image_that_no_longer_fits() -> None:
    unfit = row(fits=False, unfit_memory="ram", needed_bytes=40_000, available_bytes=32_768, latency_us=None)
    assert [item.sentence for item in compare(unfit, [row()], Thresholds())] == [
        "no longer fits: needs 40,000 bytes of ram, the board has 32,768"
    ]
    assert compare(unfit, [unfit], Thresholds()) == []


# --- run_plan


def test_quiet_night(store: Store) -> None:
    heard = []
    first = run_plan(plan("a", "b"), lambda job, board: row(board), store, heard.append)
    second = run_plan(plan("a", "b"), lambda job, board: row(board), store)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert [outcome.board for outcome in heard] == ["a", "b"]
    assert len(store.measurements(board="a")) == 2


def test_regression_ends_with_1_and_is_held_against_its_own_board(store: Store) -> None:
    run_plan(plan("a", "b"), lambda job, board: row(board, latency_us=100 if board == "a" else 1000), store)
    result = run_plan(plan("a", "b"), lambda job, board: row(board, latency_us=1000), store)
    assert result.exit_code == 1
    assert [len(outcome.regressions) for outcome in result.outcomes] == [1, 0]


def test_row_that_the_caller_has_stored_is_not_stored_twice(store: Store) -> None:
    def measure(job: Job, board: str) -> Measurement:
        return store.add(row(board, latency_us=1000 * (len(store.measurements()) + 1)))

    run_plan(plan(), measure, store)
    result = run_plan(plan(), measure, store)
    assert len(store.measurements()) == 2
    assert len(result.outcomes[0].regressions) == 1


def test_failing_board_is_tried_again_and_does_not_stop_the_others(store: Store) -> None:
    tries: list[str] = []

    def measure(job: Job, board: str) -> Measurement:
        tries.append(board)
        if board == "a":
            raise LinkError("a", "silent")
        if tries.count("b") == 1:
            return row(board, status="failed", failure="LinkError: b: silent", latency_us=None)
        return row(board)

    result = run_plan(plan("a", "b"), measure, store)
    assert tries == ["a", "a", "b", "b"]
    assert result.exit_code == 3
    assert [outcome.failure for outcome in result.outcomes] == ["LinkError: a: silent", None]
    assert [outcome.attempts for outcome in result.outcomes] == [2, 2]
    assert [item.status for item in store.measurements()] == ["failed", "ok"]


def test_faults_that_a_retry_cannot_mend(store: Store) -> None:
    faults = {"a": BuildError("no"), "b": InputError("no"), "c": KeyError("bug")}
    tries: list[str] = []

    def measure(job: Job, board: str) -> Measurement:
        tries.append(board)
        raise faults[board]

    result = run_plan(plan("a", "b", "c"), measure, store)
    assert tries == ["a", "b", "c"]
    assert [str(outcome.failure).split(":")[0] for outcome in result.outcomes] == [
        "BuildError",
        "InputError",
        "KeyError",
    ]


def test_image_too_large_is_a_regression_and_not_a_failure(store: Store) -> None:
    def measure(job: Job, board: str) -> Measurement:
        raise DoesNotFitError("nrf51-dk", "ram", 40_000, 32_768)

    result = run_plan(plan(), measure, store)
    assert result.exit_code == 1
    assert result.outcomes[0].failure is None


def test_regression_outranks_failure(store: Store) -> None:
    store.add(row("a", latency_us=1.0))

    def measure(job: Job, board: str) -> Measurement:
        if board == "b":
            raise LinkError("b", "silent")
        return row(board)

    assert run_plan(plan("a", "b"), measure, store).exit_code == 1


def test_broken_store_ends_the_night(store: Store) -> None:
    def measure(job: Job, board: str) -> Measurement:
        raise StoreError("the disk is full")

    with pytest.raises(StoreError):
        run_plan(plan(), measure, store)


# --- JUnit


def test_junit_counts_and_escapes(store: Store, tmp_path: Path) -> None:
    store.add(row("a", latency_us=1.0))

    def measure(job: Job, board: str) -> Measurement:
        if board == "b":
            raise LinkError("b", "got <garbage> \x00\x1b & ]]>")
        return row(board)

    result = run_plan(plan("a", "b", "c"), measure, store)
    root = ElementTree.fromstring(write_junit(result, tmp_path / "out" / "junit.xml").read_text())
    suite = root[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    cases = {case.get("name"): case for case in suite}
    failure, error = cases["a"].find("failure"), cases["b"].find("error")
    assert failure is not None
    assert "latency 1.00 ms, was 1 us" in str(failure.get("message"))
    assert error is not None
    assert error.get("type") == "LinkError"
    assert "<garbage>" in str(error.get("message"))
    output = cases["c"].findtext("system-out")
    assert (
        output == "latency 1.00 ms (estimate), accuracy 90.00 % of 1000 samples, flash 48.8 KB, RAM 19.5 KB"
    )


def test_junit_of_nothing() -> None:
    assert ElementTree.fromstring(junit_xml(NightlyResult(()))).tag == "testsuites"


def test_junit_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        write_junit(NightlyResult(()), tmp_path / "file" / "junit.xml")
