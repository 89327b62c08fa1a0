"""benchmarks/phases.py runs on a virtual board and says where the time went."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import DOCS
from tests.firmware import models

SCRIPT = DOCS.parent / "benchmarks" / "phases.py"


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(
        command, env={**os.environ, "COLUMNS": "150", **environment}, capture_output=True, text=True
    )


@pytest.mark.slow
def test_shares_of_all_phases_make_one(tmp_path: Path) -> None:
    model = models.write(models.every_operator(), tmp_path / "small.tflite")
    done = _run(
        "--model", str(model), "--board", "virtual:nrf52840-dk", "--samples", "3",
        HARNESS_RUNTIME_DIR=str(tmp_path),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^(\S.*?) {2,} *(\d+\.\d{3}) +(\d+\.\d)%", done.stdout, re.MULTILINE)
    seconds = {phase: float(value) for phase, value, _ in rows}
    total = seconds.pop("all")
    assert {"build, cold", "build, warm", "open board", "flash", "latency", "samples: infer"} <= set(seconds)
    assert sum(seconds.values()) == pytest.approx(total, abs=0.01)
    assert sum(float(share) for _, _, share in rows) == pytest.approx(200, abs=1)
    assert "3 samples" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--board", "virtual:nrf51"), "nrf51-dk"),
        (("--board", "virtual:nrf51-dk", "--samples", "0"), "--samples"),
        (("--board", "virtual:nrf51-dk"), "no.tflite"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments: tuple[str, ...], says: str) -> None:
    done = _run("--model", "no.tflite", *arguments)
    assert done.returncode == 2
    assert says in done.stderr and done.stderr.count("\n") == 1
