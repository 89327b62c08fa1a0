"""benchmarks/throughput.py asks boards for samples and rows, and its figures agree with each other."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import DOCS

SCRIPT = DOCS.parent / "benchmarks" / "throughput.py"


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200", "HARNESS_RUNTIME_DIR": str(folder / "run")}
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], env=environment, cwd=folder, capture_output=True, text=True
    )


def _phases(text: str) -> dict[str, tuple[float, str]]:
    rows = re.findall(r"^(\S.*?|  of it .*?) {2,}(\d+\.\d{3}) *(.*?) *$", text, re.MULTILINE)
    return {phase.strip(): (float(seconds), note) for phase, seconds, note in rows}


@pytest.mark.slow
@pytest.mark.parametrize(("case", "load"), [("kws", "swd"), ("kws-strict", "serial-strict")])
def test_samples(case: str, load: str, shared_data: Path, tmp_path: Path) -> None:
    done = _run(
        tmp_path, "--models", str(shared_data / "models"), "--data", str(shared_data), "--samples", "12", case
    )
    assert done.returncode == 0, done.stderr
    assert f"{case}: 12 samples by {load} on virtual:nrf52840-dk" in done.stdout
    phases = _phases(done.stdout)
    assert {"build", "read samples", "flash", "boot and identify"} <= set(phases)
    seconds, note = phases["samples"]
    thousand_s = float(re.search(r"a thousand take (\d+\.\d+) s", note)[1])
    assert thousand_s == pytest.approx(seconds / 12 * 1000, rel=0.01)
    bar = {"kws": 25, "kws-strict": 60}[case]
    assert f"{'+' if thousand_s <= bar else '-'} at most {bar} s" in note
    parts = [phases[f"of it {part}"][0] for part in ("inference", "loading")]
    rest = float(re.search(r"of it the rest +(-?\d+\.\d{3})", done.stdout)[1])
    assert sum(parts) + rest == pytest.approx(seconds, abs=0.003)
    times = float(re.search(r"(\d+\.\d+) times pure inference", note)[1])
    assert times == pytest.approx(seconds / parts[0], rel=0.05)


@pytest.mark.slow
def test_rows_are_made_with_a_cold_cache_and_a_warm_one(shared_data: Path, tmp_path: Path) -> None:
    done = _run(tmp_path, "--models", str(shared_data / "models"), "row")
    assert done.returncode == 0, done.stderr
    phases = _phases(done.stdout)
    for state, bar in (("cold", 10), ("warm", 5)):
        seconds, note = phases[f"row, {state} cache"]
        assert note == f"{'+' if seconds <= bar else '-'} at most {bar} s"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("kwss",), "unknown case 'kwss'"),
        (("kws",), "needs --data"),
        (("kws", "--data", ".", "--samples", "3"), "--samples of at least 4"),
        (("vww", "--data", ".", "--board", "virtual:nrf51"), "nrf51-dk"),
        (("kws", "--data", "."), "no.models/kws_ref_model.tflite"),
        (("row",), "no.models/kws_ref_model.tflite"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments: tuple[str, ...], says: str, tmp_path: Path) -> None:
    done = _run(tmp_path, "--models", "no.models", *arguments)
    assert done.returncode == 2
    assert says in done.stderr and done.stderr.count("\n") == 1
