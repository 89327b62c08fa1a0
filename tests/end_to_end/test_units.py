"""A unit of the bench file, by probe id and port, and boards that are too small or gone."""

import json
import subprocess
import sys

import pytest

import harness
from harness.measure import PerformanceRules
from harness.search import BoardWorker, Evaluator, Observer, Subject
from harness.store import Store


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A running board of the bench file, that only its probe id and port are known of."""
    monkeypatch.setenv("HARNESS_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("HARNESS_BENCH_FILE", str(tmp_path / "bench.toml"))
    command = [sys.executable, "-m", "harness.virtual", "--kind", "nrf52840-dk", "--unique-id", "desk-probe"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    ready = json.loads(process.stdout.readline())
    (tmp_path / "bench.toml").write_text(
        f'[desk]\nkind = "nrf52840-dk"\nvirtual = true\nprobe = "desk-probe"\nport = "{ready["serial_port"]}"\n'
    )
    yield process
    process.kill()
    process.communicate()


def test_a_unit_is_measured_by_its_probe_and_port(desk, small_model, tmp_path):
    row = harness.bench(small_model, "desk", rules=PerformanceRules(), results_dir=tmp_path / "results")
    assert (row.status, row.board, row.virtual, row.probe) == ("ok", "desk", True, "desk-probe")
    emulated = harness.bench(
        small_model, "virtual:nrf52840-dk", rules=PerformanceRules(), results_dir=tmp_path / "results"
    )
    assert row.image_sha256 == emulated.image_sha256
    assert row.cycles == emulated.cycles


def test_a_unit_that_is_gone_is_a_failure_of_the_bench(desk, small_model, tmp_path):
    desk.kill()
    desk.wait()
    row = harness.bench(small_model, "desk", rules=PerformanceRules(), results_dir=tmp_path / "results")
    assert row.status == "failed"
    assert row.failure.startswith("ProbeError: no probe with the id 'desk-probe'")
    assert row.latency_us is None


def test_an_image_too_large_for_the_board_is_infeasible_there(shared_data, tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_RUNTIME_DIR", str(tmp_path / "run"))
    model = shared_data / "models" / "vww_96_int8.tflite"
    subject = Subject(model, "vww-unpruned", candidate="unpruned", study="s")
    with Store(tmp_path / "results") as store, BoardWorker("virtual:nrf51-dk", Observer()) as worker:
        store.open_study("s", "vww", {})
        first = worker.evaluate(Evaluator(store), subject)
        again = worker.evaluate(Evaluator(store), subject)
    assert first.fits is False
    assert again.id == first.id
    assert first.unfit_memory == "ram" and first.available_bytes == 32_768
    assert first.needed_bytes is not None and first.needed_bytes > 32_768
