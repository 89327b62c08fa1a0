"""Leases: one process a board, and word of who holds it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.bench import Unit
from harness.bench.lease import holder_of, lease
from harness.errors import BusyError, InputError

UNIT = Unit(name="desk", kind="nrf51-dk", probe="00/48:0", port="/dev/ttyACM0")
HOLD = """
import sys
from harness.bench.inventory import Unit
from harness.bench.lease import lease
with lease(Unit(name="desk", kind="nrf51-dk", probe="00/48:0", port="/dev/ttyACM0")):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def runtime_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HARNESS_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def test_second_process_is_told_who_holds_it() -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None and other.stdin is not None
    assert other.stdout.readline() == "held\n"
    with (
        pytest.raises(BusyError, match=rf"desk: in use by process {other.pid} .* since \d{{4}}-"),
        lease(UNIT),
    ):
        pass
    assert str(other.pid) in (holder_of(UNIT) or "")
    # However the holder ends, the board is free then.
    other.kill()
    other.wait()
    other.stdin.close()
    other.stdout.close()
    with lease(UNIT):
        assert str(os.getpid()) in (holder_of(UNIT) or "")
    assert holder_of(UNIT) is None


def test_same_probe_under_another_name_is_the_same_board() -> None:
    with lease(UNIT), pytest.raises(BusyError), lease(UNIT.model_copy(update={"name": "other"})):
        pass


def test_virtual_boards_are_not_exclusive() -> None:
    virtual = Unit(name="virtual:nrf51-dk", kind="nrf51-dk", virtual=True)
    with lease(virtual), lease(virtual):
        assert holder_of(virtual) is None


def test_damaged_holder_file(runtime_dir: Path) -> None:
    with lease(UNIT):
        (holder,) = (runtime_dir / "leases").glob("*.json")
        assert json.loads(holder.read_text())["pid"] == os.getpid()
        holder.write_text("{")
        with pytest.raises(BusyError, match="another process"), lease(UNIT):
            pass


def test_folder_that_cannot_be_made(runtime_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (runtime_dir / "file").touch()
    monkeypatch.setenv("HARNESS_RUNTIME_DIR", str(runtime_dir / "file"))
    with pytest.raises(InputError, match="cannot make the folder"), lease(UNIT):
        pass
