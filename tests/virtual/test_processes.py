"""Boards as processes: found by pyOCD's own command line, gone with their parent, records cleaned up."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import serial

from harness.bench import open_board
from harness.virtual import records
from tests.virtual.program import build_program, eventually

PYOCD = [sys.executable, "-m", "pyocd"]


def alive(pid: int) -> bool:
    return records.started_at(pid) is not None


def test_pyocd_lists_and_loads_a_board() -> None:
    program = build_program("nrf52840-dk")
    with open_board("virtual:nrf52840-dk") as board, board.open_serial() as port:
        listed = subprocess.run([*PYOCD, "list"], capture_output=True, text=True, check=True)
        assert board.probe_uid in listed.stdout and "nrf52840" in listed.stdout
        loaded = subprocess.run(
            [*PYOCD, "load", "-t", "nrf52840", "-u", board.probe_uid, str(program)],
            capture_output=True,
            text=True,
        )
        assert loaded.returncode == 0, loaded.stderr
        assert port.readline() == b"hello\n"


def test_listing_probes_loads_no_emulator() -> None:
    script = (
        "import sys; from pyocd.probe.aggregator import DebugProbeAggregator as a; a.get_all_connected_probes(); "
        "from harness.virtual.probe import VirtualProbe; "
        "print(sorted({'unicorn', 'numpy', 'pydantic', 'ctypes'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.returncode == 0 and "unicorn" not in done.stdout and "pydantic" not in done.stdout


def test_board_goes_with_a_killed_parent() -> None:
    script = (
        "import time\nfrom harness.bench import open_board\n"
        "with open_board('virtual:nrf51-dk') as b:\n"
        "    print(b._process._process.pid, b.probe_uid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid, uid = parent.stdout.readline().split()
    assert alive(int(pid)) and any(record.unique_id == uid for record in records.running())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: not alive(int(pid)))
    assert not (records.record_dir() / f"{uid}.json").exists()


def test_eight_boards_go_with_a_killed_parent() -> None:
    script = (
        "import contextlib, time\nfrom harness.bench import open_board\n"
        "with contextlib.ExitStack() as stack:\n"
        "    for _ in range(8):\n"
        "        b = stack.enter_context(open_board('virtual:nrf51-dk'))\n"
        "        print(b._process._process.pid, b.probe_uid, b.port_path, flush=True)\n"
        "    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    told = [parent.stdout.readline().split() for _ in range(8)]
    pids, uids, ports = (
        [int(pid) for pid, _, _ in told],
        {uid for _, uid, _ in told},
        {port for _, _, port in told},
    )
    assert len(set(pids)) == len(uids) == len(ports) == 8 and all(map(alive, pids))
    assert all(os.path.exists(port) for port in ports)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    # Gone altogether: a zombie would still have its entry.
    assert eventually(lambda: not any(map(alive, pids)))
    assert not uids & {record.unique_id for record in records.running()}
    assert eventually(lambda: not any(os.path.exists(port) for port in ports))


def test_board_on_its_own_ends_by_signal() -> None:
    command = [sys.executable, "-m", "harness.virtual", "--kind", "nrf51-dk", "--unique-id", "my-board"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert ready["unique_id"] == "my-board"
    with serial.Serial(ready["serial_port"]):
        pass
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    process.stdout.close()
    assert not (records.record_dir() / "my-board.json").exists()


def test_record_of_a_dead_board_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_RUNTIME_DIR", str(tmp_path))
    socket_dir = tmp_path / "socket"
    socket_dir.mkdir()
    dead = subprocess.Popen(["true"])
    dead.wait()
    memories = (0, 262_144, 0x2000_0000, 32_768)
    ports = ("/dev/null", "/dev/null", str(socket_dir / "swd"))
    fields = ("nrf51-dk", "title", "nrf51822", *memories, "uid", *ports)
    gone = records.Record(dead.pid, 1, *fields)
    path = records.write(gone)
    assert records.running() == []
    assert not path.exists() and not socket_dir.exists()
    # The same pid, but a process that began at another time.
    records.write(records.Record(os.getpid(), 1, *fields))
    assert records.running() == []
    mine = records.Record(os.getpid(), records.started_at(os.getpid()) or 0, *fields)
    records.write(mine)
    assert records.running() == [mine]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--kind", "nrf51-kd"], "did you mean 'nrf51-dk'"),
        (["--kind", "nrf51-dk", "--faults", "x=1"], "unknown fault 'x'"),
    ],
)
def test_wrong_arguments(arguments: list[str], words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "harness.virtual", *arguments], capture_output=True, text=True
    )
    assert done.returncode == 2 and words in done.stderr
