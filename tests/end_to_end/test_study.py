"""A search on the digits task, killed in the middle and started again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import harness
from harness.measure import PerformanceRules
from harness.search import Limits, Observer, StudySpec, run_study
from harness.search.evidence import TOLERANCE
from harness.store import Store
from harness.tasks import load_task

ARGUMENTS = [
    "search", "--task", "digits", "--study", "s", "--board", "virtual:nrf52840-dk",
    "--cuts", "conv1,block2,block3", "--head", "dense", "--samples", "12", "--max-accuracy-drop", "3",
]  # fmt: skip


@pytest.fixture
def environment(tmp_path, digits_cache):
    """Results of its own; the trained reference network is found in the suite's cache."""
    return {
        **os.environ,
        "HARNESS_RESULTS_DIR": str(tmp_path / "results"),
        "HARNESS_RUNTIME_DIR": str(tmp_path / "run"),
        "HARNESS_CACHE_DIR": str(digits_cache),
    }


def start(environment, folder):
    command = [sys.executable, "-m", "harness", *ARGUMENTS]
    return subprocess.Popen(
        command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def made(results: Path) -> tuple[dict[str, str], list[int]]:
    """Finished stages by key with the time they were made, and ids of the rows."""
    with Store(results, create=False) as store:
        stages = {row["key"]: row["created_utc"] for row in store._database.query("SELECT * FROM stages")}
        return stages, [row.id for row in store.measurements(study="s")]


def wait_for_rows(results: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if (results / "harness.sqlite").is_file() and len(made(results)[1]) >= count:
            return
        time.sleep(0.1)
    raise AssertionError(f"no {count} rows after two minutes")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_and_started_again_it_repeats_nothing(environment, tmp_path, monkeypatch):
    results = tmp_path / "results"
    first = start(environment, tmp_path)
    try:
        wait_for_rows(results, 2)
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    stages, rows = made(results)
    assert rows

    second = start(environment, tmp_path)
    output, _ = second.communicate(timeout=240)
    assert second.returncode == 0, output
    stages_after, rows_after = made(results)
    assert stages.items() <= stages_after.items(), "a stage was made again"
    assert rows_after[: len(rows)] == rows
    assert output.count("(from the store)") >= len(rows)

    frame = harness.load_results("s", results_dir=results)
    assert sorted(frame.candidate.unique()) == sorted(
        ["unpruned", "conv1-dense", "block2-dense", "block3-dense"]
    )
    assert not frame.duplicated(["model_sha256", "samples"]).any(), "a model was measured twice"
    assert (frame[~frame.trained].accuracy.isna()).all() and (~frame.trained).sum() == 3
    with Store(results, create=False) as store:
        decision = store.study("s").decisions["virtual:nrf52840-dk"]
    confirmed = frame[(frame.samples == 360) & (frame.candidate == decision.candidate)]
    assert len(confirmed) == 1
    # Timed without training, it took as long as with it.
    timed = frame[(frame.candidate == decision.candidate) & ~frame.trained]
    assert confirmed.latency_us.item() == pytest.approx(timed.latency_us.item(), rel=TOLERANCE)
    layers = frame[frame.layers_sha256.notna()].candidate.unique()
    assert {"unpruned", decision.candidate} <= set(layers)
    assert (results / "studies" / "s" / "report.html").is_file()

    third = start(environment, tmp_path)
    third.communicate(timeout=120)
    assert made(results) == (stages_after, rows_after), "a finished study was not left alone"
    check_export_and_report(environment, tmp_path, len(frame))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_measuring_first_chooses_as_measuring_everything_does(tmp_path, digits_cache, monkeypatch):
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(digits_cache))
    monkeypatch.setenv("HARNESS_RUNTIME_DIR", str(tmp_path / "run"))
    asked = {
        "max_accuracy_drop": 2.0,
        "cuts": ("conv1", "block2", "block4"),
        "heads": ("aux",),
        "results_dir": tmp_path / "results",
    }
    board = "virtual:nrf52840-dk"
    # Both in one store: they train the same models, each once.
    whole = harness.search("digits", [board], "all", exhaustive=True, **asked)[board]
    first = harness.search("digits", [board], "first", **asked)[board]
    assert first.candidate == whole.candidate
    counts, most = first.facts["counts"], whole.facts["counts"]
    assert most["trained"] == most["candidates"] - 1 == 3
    assert most["samples"] == most["samples_exhaustive"] == 4 * 360
    assert counts["built"] == 3 and counts["trained"] < 3 and counts["samples"] <= most["samples"] / 2
    best = first.facts["evidence"][first.candidate]["latency_us"]
    rows = harness.load_results("first", results_dir=tmp_path / "results")
    trained = rows[rows.trained & (rows.candidate != "unpruned")]
    # What is slower than the choice was not measured trained, and every verdict names a reason.
    assert trained.latency_us.max() <= best * (1 + TOLERANCE)
    for name, verdict in first.verdicts.items():
        evidence = first.facts["evidence"][name]
        if name not in ("unpruned", first.candidate) and evidence["latency_us"] > best * (1 + TOLERANCE):
            assert (
                verdict == f"{evidence['latency_us'] / best:.2f} x the time of {first.candidate}; not trained"
            )
        elif not evidence["trained"]:
            assert verdict
    # The front's fastest is the fastest of all; what is off it is slower than one that is no less accurate.
    front = harness.search("digits", [board], "front", objective="pareto", **asked)[board]
    assert front.candidate == whole.candidate
    truth = whole.facts["evidence"]
    beaten = {
        name: verdict.split()
        for name, verdict in front.verdicts.items()
        if verdict.startswith("slower than ")
    }
    assert beaten
    for name, words in beaten.items():
        assert words[-3:] == ["points", "less", "accurate"]
        assert truth[words[2]]["latency_us"] < truth[name]["latency_us"]
        assert truth[words[2]]["accuracy"] >= truth[name]["accuracy"]


def test_limits_that_nothing_meets_are_told_before_anything_is_trained(tmp_path, digits_cache, environment):
    command = [
        sys.executable, "-m", "harness", "search", "--task", "digits", "--study", "s", "--heads", "gap",
        "--cuts", "conv1,block3", "--board", "virtual:nrf52840-dk", "--max-latency-ms", "0.01", "--json", "s.json",
    ]  # fmt: skip
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 7, done.stderr
    assert "the nearest is conv1-gap" in done.stderr and "over 0.01 ms" in done.stderr
    decision = json.loads((tmp_path / "s.json").read_text())["virtual:nrf52840-dk"]
    assert decision["candidate"] is None and decision["facts"]["counts"]["trained"] == 0


def test_energy_without_a_meter_is_refused(tmp_path, monkeypatch):
    bench = tmp_path / "bench.toml"
    bench.write_text('[desk]\nkind = "nrf52840-dk"\nprobe = "1"\nport = "/dev/null"\n')
    monkeypatch.setenv("HARNESS_BENCH_FILE", str(bench))
    with pytest.raises(harness.errors.InputError, match="--max-energy-uj needs a power meter"):
        harness.search("digits", ["desk"], "s", max_energy_uj=10, results_dir=tmp_path)


def check_export_and_report(environment, folder, rows):
    for arguments in (["export", "s", "--csv", "s.csv"], ["report", "s", "--out", "s.html"]):
        subprocess.run([sys.executable, "-m", "harness", *arguments], env=environment, cwd=folder, check=True)
    assert len((folder / "s.csv").read_text().splitlines()) == rows + 1
    assert "block3-dense" in (folder / "s.html").read_text()


def test_other_options_need_another_study(tmp_path):
    task = load_task("digits")
    boards = {"virtual:nrf52840-dk": "nrf52840-dk"}
    with Store(tmp_path) as store:
        store.open_study("s", "digits", StudySpec("s", task, boards, Limits(max_accuracy_drop=1.0)).options())
        with pytest.raises(
            harness.errors.InputError, match=r"max_accuracy_drop = 1\.0 and this run has 2\.0"
        ):
            run_study(StudySpec("s", task, boards, Limits(max_accuracy_drop=2.0)), store, Observer())


def test_the_verbs_are_functions_too(small_model, tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_RUNTIME_DIR", str(tmp_path / "run"))
    row = harness.bench(
        small_model, "virtual:nrf52840-dk", rules=PerformanceRules(), results_dir=tmp_path / "results"
    )
    assert row.status == "ok"
    assert row.cycles > 10_000
    assert row.latency_us == pytest.approx(row.cycles / 64, rel=1e-3)
    assert row.accuracy is None
    frame = harness.load_results(results_dir=tmp_path / "results")
    assert frame.loc[0, "image_sha256"] == row.image_sha256


def test_bench_writes_json_and_outputs(digits_model, environment, tmp_path):
    command = [
        sys.executable, "-m", "harness", "bench", str(digits_model), "--quick", "--board", "virtual:nrf51-dk",
        "--task", "digits", "--samples", "15", "--json", "row.json", "--outputs", "out.csv",
    ]  # fmt: skip
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    row = json.loads((tmp_path / "row.json").read_text())
    for name in [
        "board",
        "virtual",
        "model_sha256",
        "image_sha256",
        "compiler",
        "clock_hz",
        "cycles",
        "latency_us",
        "iterations",
        "flash_bytes",
        "ram_bytes",
        "stack_bytes",
        "accuracy",
        "samples",
    ]:
        assert row[name] is not None
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert len(lines) == 16
    assert lines[0].startswith("name,label,out0,")
    right = sum(
        max(range(10), key=[int(v) for v in line.split(",")[2:]].__getitem__) == int(line.split(",")[1])
        for line in lines[1:]
    )
    assert row["correct"] == right
    assert right >= 12


def test_a_model_that_does_not_fit_is_a_result(shared_data, environment, tmp_path):
    model = shared_data / "models" / "vww_96_int8.tflite"
    command = [
        sys.executable, "-m", "harness", "bench", str(model), "--quick", "--board", "virtual:nrf51-dk", "--json", "-",
    ]  # fmt: skip
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 3
    assert "the image does not fit nrf51-dk: it needs" in done.stderr
    row = json.loads(done.stdout)
    assert row["fits"] is False
    assert row["needed_bytes"] > row["available_bytes"]


def test_samples_of_another_shape_are_refused(small_model, environment, tmp_path):
    command = [
        sys.executable, "-m", "harness", "bench", str(small_model), "--quick", "--board", "virtual:nrf51-dk",
        "--task", "digits",
    ]  # fmt: skip
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "choose the task that the model was made for" in done.stderr


@pytest.mark.slow
def test_an_interrupt_releases_the_boards_and_keeps_what_was_measured(environment, tmp_path):
    process = start({**environment, "PYTHONUNBUFFERED": "1"}, tmp_path)
    wait_for_rows(tmp_path / "results", 1)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "Stopped; what was finished is stored." in output
    assert "Traceback" not in output
    assert made(tmp_path / "results")[1]
    assert list((tmp_path / "run" / "virtual").glob("*.json")) == []
