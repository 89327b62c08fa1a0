"""Each step of a recovery, in its order, on virtual boards with faults and on a board that only records."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.bench import LeasedBoard, Unit, open_board, recovery
from harness.bench.programmer import load_segments
from harness.bench.quarantine import quarantined
from harness.bench.recovery import STEPS, RecoveryStep, recover
from harness.cli.main import cli
from harness.errors import FlashError, ProbeError, QuarantinedError, WrongChipError
from tests.virtual.program import Console, build_program


@contextmanager
def board(faults: str, kind: str = "nrf51-dk") -> Iterator[tuple[LeasedBoard, list[RecoveryStep]]]:
    told: list[RecoveryStep] = []
    with open_board(f"virtual:{kind}?{faults}", on_recovery=told.append) as opened:
        yield opened, told
        assert told == opened.recoveries


def test_sound_board_needs_none() -> None:
    with board("") as (opened, told):
        opened.flash(build_program("nrf51-dk"))
        assert told == []


@pytest.mark.parametrize(
    ("faults", "steps"),
    [
        ("probe_busy=1", ["new session"]),
        ("probe_busy=2", ["new session", "connect under reset"]),
        ("probe_busy=3", ["new session", "connect under reset", "slower SWD clock"]),
        ("probe_lost_after=40&times=1", ["new session"]),
        ("brownout=100&times=1", ["new session"]),
    ],
)
def test_step_that_helps_is_the_last(faults: str, steps: list[str]) -> None:
    with board(faults) as (opened, told):
        opened.flash(build_program("nrf51-dk"))
        assert [step.step for step in told] == steps
        assert [step.helped for step in told] == [False] * (len(steps) - 1) + [True]
        assert all(step.doing == "flashing" and step.seconds > 0 for step in told)
        assert all(bool(step.detail) != step.helped for step in told)
        with Console(opened) as console:
            assert console.ask("ok\n") == "ok"


def test_probe_that_comes_late() -> None:
    with board("probe_absent_s=1") as (opened, told):
        opened.flash(build_program("nrf51-dk"))
        assert told[-1].step == "wait for the probe" and told[-1].helped


def test_flash_that_stays_wrong_is_a_flash_error() -> None:
    program = build_program("nrf51-dk")
    ((origin, content),) = load_segments(program)
    address = next(origin + at for at in range(0, len(content), 4) if content[at] & 1)
    with board(f"stuck={address}") as (opened, told):
        with pytest.raises(FlashError, match=f"verifying the flash failed: 0x{address:08X} holds"):
            opened.flash(program)
        assert [step.step for step in told] == [step for step in STEPS if step != "power cycle"]


def test_other_chip_is_refused_by_name_and_nothing_is_tried() -> None:
    with board("wrong_chip=nrf52840-dk") as (opened, told):
        with pytest.raises(
            WrongChipError, match="the chip's core is cortex-m4 and that of a nrf51-dk is cortex-m0"
        ):
            opened.flash(build_program("nrf51-dk"))
        assert told == []


class Recorder:
    """A board of the bench whose steps are only recorded."""

    def __init__(self, **fields: Any) -> None:
        self.unit = Unit(name="desk", kind="nrf51-dk", probe="480", port="/dev/null", **fields)
        self.recoveries: list[RecoveryStep] = []
        self.done: list[str] = []

    def reconnect(self, *, under_reset: bool = False, frequency_hz: int | None = None) -> None:
        self.done.append(
            "under reset" if under_reset else f"{frequency_hz} Hz" if frequency_hz else "session"
        )

    def mass_erase(self) -> None:
        self.done.append("erase")

    def probe_is_there(self) -> bool:
        return True

    def fail(self, error: Exception) -> None:
        recover(self, "flashing", lambda: (_ for _ in ()).throw(error))


def test_all_steps_in_order_then_quarantine(tmp_path: Path) -> None:
    switch = tmp_path / "switched"
    power = f"{sys.executable} -c \"open('{switch}', 'w')\""
    desk = Recorder(power=power, mass_erase=True)
    with pytest.raises(FlashError, match="worn"):
        desk.fail(FlashError("desk", "worn out"))
    assert tuple(step.step for step in desk.recoveries) == STEPS
    assert desk.done == ["session", "under reset", "100000 Hz", "under reset", "erase", "session", "session"]
    assert switch.exists()
    (row,) = quarantined()
    assert (row.unit, row.reason) == ("desk", "worn out")


def test_no_mass_erase_and_no_power_cycle_unless_the_bench_file_says_so() -> None:
    desk = Recorder()
    with pytest.raises(ProbeError):
        desk.fail(ProbeError("desk", "gone"))
    assert {"mass erase", "power cycle"}.isdisjoint(step.step for step in desk.recoveries)


@pytest.mark.parametrize(
    ("power", "words"),
    [(f"{sys.executable} -c 'exit(3)'", "ended with code 3"), ("/no/such/switch", "No such file")],
)
def test_power_command_that_fails_is_said(power: str, words: str) -> None:
    desk = Recorder(power=power)
    with pytest.raises(ProbeError, match="gone"):
        desk.fail(ProbeError("desk", "gone"))
    (cycle,) = [step for step in desk.recoveries if step.step == "power cycle"]
    assert words in cycle.detail and not cycle.helped


def test_quarantined_board_is_refused_until_it_is_lifted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("HARNESS_BENCH_FILE", str(tmp_path / "bench.toml"))
    monkeypatch.setattr(recovery, "PROBE_WAIT_S", 0.0)
    (tmp_path / "bench.toml").write_text('[desk]\nkind = "nrf51-dk"\nprobe = "gone"\nport = "/dev/null"\n')
    with open_board("desk") as desk, pytest.raises(ProbeError, match="no probe with the id 'gone'"):
        desk.reset()
    with (
        pytest.raises(QuarantinedError, match=r"since \d{4}-.*no probe.*quarantine lift desk"),
        open_board("desk"),
    ):
        pass
    run = CliRunner()
    listed = run.invoke(cli, ["boards", "quarantine", "list"])
    assert "desk" in listed.output and "no probe" in listed.output
    assert "in quarantine" in run.invoke(cli, ["boards", "list"]).output
    assert run.invoke(cli, ["boards", "quarantine", "lift", "desk"]).exit_code == 0
    assert run.invoke(cli, ["boards", "quarantine", "lift", "desk"]).exit_code == 2
    with open_board("desk"):
        pass
