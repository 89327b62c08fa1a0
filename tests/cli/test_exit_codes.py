"""One table of exit codes: what --help says is what the errors have; Ctrl-C leaves all in order."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness import errors
from harness.cli.main import cli
from harness.store import Store


def test_help_names_every_exit_code_once() -> None:
    text = " ".join(CliRunner().invoke(cli, ["--help"], env={"COLUMNS": "200"}).output.split())
    listed = re.search(r"Exit codes: (.*?);", text)
    assert listed is not None
    told = [int(item.split()[0]) for item in listed[1].split(", ")]
    classes = [cls for cls in vars(errors).values() if isinstance(cls, type)]
    own = {cls.exit_code for cls in classes if issubclass(cls, errors.HarnessError)} - {1}
    assert sorted(told) == sorted({0, *own})


@pytest.mark.slow
def test_ctrl_c_leaves_no_process_and_a_whole_store(
    tmp_path: Path, digits_model: Path, digits_cache: Path
) -> None:
    environment = {
        "PATH": "/usr/bin:/bin",
        "HARNESS_CACHE_DIR": str(digits_cache),
        "HARNESS_RUNTIME_DIR": str(tmp_path / "runtime"),
        "HARNESS_STATE_DIR": str(tmp_path / "state"),
    }
    command = [sys.executable, "-c", "from harness.cli.main import main; main()", "bench", str(digits_model)]
    options = ["--board", "virtual:nrf51-dk", "--task", "digits", "--results-dir", str(tmp_path / "results")]
    records = tmp_path / "runtime" / "virtual"
    deadline = time.monotonic() + 60
    with subprocess.Popen(
        [*command, *options], env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        while not list(records.glob("*.json")):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                pytest.fail(f"the board never ran: {process.communicate()[1]}")
            time.sleep(0.05)
        time.sleep(2.0)  # in the midst of flashing or measuring
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "Stopped; what was finished is stored."
    assert "Traceback" not in said
    assert list(records.glob("*.json")) == [], "the board's process has ended"
    with Store(tmp_path / "results") as store:
        assert store.measurements() == []
