"""Nights on virtual boards, from the command line: clean, with a slower image, with a dead board."""

import json
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.cli.main import cli
from harness.quantization import quantize
from harness.tasks import load_task

PLAN = """
quarantine_after = 2
retries = 0

[[jobs]]
name = "digits"
model = "digits.tflite"
boards = ["rack-1", "rack-2"]
task = "digits"
samples = 10
"""
BENCH = """
[rack-1]
kind = "nrf51-dk"
virtual = true

[rack-2]
kind = "nrf52840-dk"
virtual = true
"""
DEAD = "faults = { probe_absent_s = 1000.0 }\n"


@pytest.fixture
def rack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits_cache: Path) -> Path:
    for name, value in {
        "RESULTS_DIR": "results",
        "RUNTIME_DIR": "runtime",
        "STATE_DIR": "state",
        "BENCH_FILE": "bench.toml",
    }.items():
        monkeypatch.setenv(f"HARNESS_{name}", str(tmp_path / value))
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(digits_cache))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "nightly.toml").write_text(PLAN)
    (tmp_path / "bench.toml").write_text(BENCH)
    return tmp_path


def _night(rack: Path) -> tuple[int, dict[str, Any], ElementTree.Element]:
    done = CliRunner().invoke(cli, ["nightly", "run", str(rack / "nightly.toml"), "--json", "-"])
    night = json.loads(done.stdout)
    return done.exit_code, night, ElementTree.parse(Path(night["folder"]) / "junit.xml").getroot()


@pytest.mark.slow
def test_clean_night_slower_image_dead_board(rack: Path, digits_model: Path, digits_reference: Any) -> None:
    from harness.pruning import Candidate, build_candidate, list_candidates

    task = load_task("digits")
    cut = next(one.cut for one in list_candidates(digits_reference, ("dense",), 0) if one.cut is not None)
    small = build_candidate(
        digits_reference, Candidate(cut, "dense"), len(task.class_names), task.calibration
    )
    (rack / "digits.tflite").write_bytes(quantize(small, task.calibration))
    code, night, junit = _night(rack)
    assert (code, night["summary"]) == (0, "night 1: 2 of 2 fine")
    assert [suite.get("errors") for suite in junit] == ["0", "0"]

    shutil.copyfile(digits_model, rack / "digits.tflite")
    code, night, junit = _night(rack)
    assert code == 1
    assert night["summary"].startswith("night 2: 2 worse; 0 of 2 fine. digits on rack-")
    failures = [failure.get("message", "") for failure in junit.iter("failure")]
    assert len(failures) == 2
    assert all("latency" in text and "model_sha256" in text and "image_sha256" in text for text in failures)

    shown = CliRunner().invoke(cli, ["nightly", "accept", "digits"])
    assert shown.output == "2 results of digits accepted.\n"
    (rack / "bench.toml").write_text(BENCH + DEAD)
    code, night, junit = _night(rack)
    assert code == 3
    (error,) = junit.iter("error")
    assert error.get("type") == "ProbeError"
    states = {(result["job"], result["board"]): result["state"] for result in night["results"]}
    assert states["digits", "rack-1"] == "ok"
    assert states["digits", "rack-2"] == "skipped"
    status = CliRunner().invoke(cli, ["nightly", "status"]).output
    assert "rack-1: ok (night 3)" in status
    assert "rack-2: ProbeError" in status and "1 failure" in status and "1 failures" not in status
