"""`boards detect` and `boards doctor` against boards that are served, as they would be against those on a desk."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from harness.bench import load_bench, resolve, usb
from harness.bench.serve import ServedBoard, serve_board
from harness.cli.main import cli
from tests.virtual.program import build_program


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBoard]:
    """A board with a program that does not speak the protocol, alone on the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        unit = resolve("virtual:nrf51-dk")
        link = tmp_path_factory.mktemp("served") / "board"
        with serve_board(
            unit, image=build_program("nrf51-dk"), pace="max", pty=link, unique_id="shelf"
        ) as board:
            yield board


@pytest.fixture
def bench_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "bench.toml"
    monkeypatch.setenv("HARNESS_BENCH_FILE", str(path))
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["boards", *arguments])


def test_rows_are_proposed_written_and_not_written_twice(served: ServedBoard, bench_file: Path) -> None:
    bench_file.write_text(
        '# mine\n[desk] # the left one\nkind = "nrf52840-dk"\nprobe = "1"\nport = "/dev/x"\n'
    )
    mine = bench_file.read_text()
    (found,) = json.loads(run("detect", "--json", "-").output)
    assert (found["kind"], found["probe"], found["port"]) == ("nrf51-dk", "shelf", served.port)
    assert (found["known"], found["added"], found["virtual"], found["answered"]) == (False, False, True, None)
    assert bench_file.read_text() == mine
    assert "added" in run("detect", "--write").output
    assert bench_file.read_text().startswith(mine)
    unit = load_bench()["nrf51-dk-1"]
    assert (unit.kind, unit.probe, unit.port, unit.virtual) == ("nrf51-dk", "shelf", served.port, True)
    assert unit.meter == served.meter
    assert served.meter in run("show", "nrf51-dk-1").output.replace("\n", "")
    written = bench_file.read_text()
    (found,) = json.loads(run("detect", "--write", "--json", "-").output)
    assert found["known"] and not found["added"] and bench_file.read_text() == written
    listed = json.loads(run("list", "--json", "-").output)
    assert {row["name"]: row["state"] for row in listed}["nrf51-dk-1"] == "ready"


def test_moved_port_is_said_and_left_to_the_user(served: ServedBoard, bench_file: Path) -> None:
    bench_file.write_text('[old]\nkind = "nrf51-dk"\nprobe = "shelf"\nport = "/dev/gone"\nvirtual = true\n')
    before = bench_file.read_text()
    (found,) = json.loads(run("detect", "--write", "--json", "-").output)
    assert f"its port is {served.port} and not /dev/gone" in found["remark"]
    assert bench_file.read_text() == before


def test_moved_meter_is_said(served: ServedBoard, bench_file: Path) -> None:
    bench_file.write_text(
        f'[old]\nkind = "nrf51-dk"\nprobe = "shelf"\nport = "{served.port}"\nmeter = "lpm01a:/dev/gone"\n'
        "virtual = true\n"
    )
    (found,) = json.loads(run("detect", "--json", "-").output)
    assert found["remark"] == f"its meter is {served.meter} and not lpm01a:/dev/gone; correct the bench file"


def checks(result: Result) -> dict[str, dict[str, str]]:
    return {check["step"]: check for check in json.loads(result.output)}


def test_doctor_stops_at_a_program_that_is_none_of_ours(served: ServedBoard, bench_file: Path) -> None:
    bench_file.write_text(
        f'[old]\nkind = "nrf51-dk"\nprobe = "shelf"\nport = "{served.port}"\nvirtual = true\n'
    )
    result = run("doctor", "old", "--json", "-")
    assert result.exit_code == 4
    found = checks(result)
    assert found["flash programs and verifies"]["verdict"] == "good"
    boot = found["boot message at the right speed"]
    assert boot["verdict"] == "bad" and "flash a program" in boot["remedy"]
    assert found["mode"]["verdict"] == "not tried"


@pytest.mark.parametrize(
    ("board", "step", "words"),
    [
        ("virtual:nrf51-dk?probe_absent_s=9", "probe seen", "no probe with the id"),
        ("virtual:nrf51-dk?probe_busy=9", "target reachable", "refuses to open"),
        ("virtual:nrf51-dk?wrong_chip=nrf52840-dk", "target reachable", "core is cortex-m4"),
        ("virtual:nrf51-dk", "boot message at the right speed", "locked up"),
    ],
)
def test_doctor_names_the_step_that_is_bad(bench_file: Path, board: str, step: str, words: str) -> None:
    result = run("doctor", board, "--json", "-")
    assert result.exit_code == 4
    (bad,) = [check for check in checks(result).values() if check["verdict"] == "bad"]
    assert bad["step"] == step and words in bad["found"] and bad["remedy"]


def test_port_belongs_to_the_probe_with_its_serial_number(monkeypatch: pytest.MonkeyPatch) -> None:
    probe = SimpleNamespace(
        associated_board_info=None, vendor_name="SEGGER", description="J-Link", unique_id="683377322"
    )
    ports = [
        SimpleNamespace(device="/dev/ttyACM1", serial_number="000683377322"),
        SimpleNamespace(device="/dev/ttyACM0", serial_number="000683377322"),
        SimpleNamespace(device="/dev/ttyACM2", serial_number="99"),
        SimpleNamespace(device="/dev/ttyS0", serial_number=None),
    ]
    monkeypatch.setattr(usb, "connected_probes", lambda: {"683377322": probe})
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: ports)
    (seen,) = usb.seen_probes()
    assert (seen.port, seen.virtual, seen.target) == ("/dev/ttyACM0", False, None)


def test_usb_device_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "1-2"
    device.mkdir()
    for name, text in (("serial", "000683377322\n"), ("busnum", "1\n"), ("devnum", "7\n")):
        (device / name).write_text(text)
    monkeypatch.setattr(usb, "_USB_DEVICES", tmp_path)
    monkeypatch.setattr(usb.os, "access", lambda path, mode: path != "/dev/bus/usb/001/007")
    assert usb.usb_permission("683377322") == "/dev/bus/usb/001/007"
    assert usb.usb_permission("other") is None


def test_udev_rule_is_shipped_and_printed() -> None:
    printed = run("udev").output
    assert 'ATTRS{idVendor}=="1366"' in printed and usb.RULES_FILE in printed
    assert stat.S_ISREG(Path(str(usb.resources.files("harness.bench") / usb.RULES_FILE)).stat().st_mode)


def test_show(bench_file: Path) -> None:
    shown = json.loads(run("show", "virtual:nrf51-dk?drop=0.5", "--json", "-").output)
    assert shown["faults"] == {"drop": 0.5} and shown["kind"]["name"] == "nrf51-dk" and shown["virtual"]
