"""What a night leaves behind: files, lock, notification, schedule, status."""

import csv
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli.main import cli
from harness.errors import BusyError, InputError, LinkError
from harness.nightly import Job
from harness.nightly.junit import junit_xml
from harness.nightly.lock import night_lock, night_under_way
from harness.nightly.notify import notify
from harness.nightly.outputs import write_outputs
from harness.nightly.schedule import Schedule, install
from harness.nightly.status import read_status
from harness.store import Measurement, Night, Store
from tests.nightly.nights import night, plan, row

EVIL = "got <garbage> \x00\x1b & ]]></script><script>alert(1)</script>"


@pytest.fixture
def mixed(store: Store) -> Night:
    """A night with everything in it: a regression, a failure, a fine row."""

    def second(job: Job, board: str, mode: str) -> Measurement:
        if board == "b":
            raise LinkError("b", EVIL)
        return row(board, latency_us=2000.0 if board == "a" else 1000.0)

    night(store, plan("a", "b", "c"), lambda j, b, m: row(b))
    return night(store, plan("a", "b", "c"), second)


def test_junit_counts_and_escapes(store: Store, mixed: Night) -> None:
    rows = [None if r.measurement is None else store.measurement(r.measurement) for r in mixed.results]
    root = ElementTree.fromstring(junit_xml(mixed, rows))
    health, suite = root
    assert health.get("name") == "health check"
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["3", "1", "1", "0"]
    cases = {case.get("name"): case for case in suite}
    failure, error = cases["a"].find("failure"), cases["b"].find("error")
    assert failure is not None and error is not None
    assert "latency 2.00 ms, was 1.00 ms: +100.0 %, 2 % allowed" in str(failure.get("message"))
    assert error.get("type") == "LinkError"
    assert "<garbage>" in str(error.get("message"))
    figures = "latency 1.00 ms (estimate), accuracy 90.00 % of 1000 samples, flash 48.8 KB, RAM 19.5 KB"
    assert cases["c"].findtext("system-out") == figures


def test_files_of_a_night(store: Store, mixed: Night, tmp_path: Path) -> None:
    folder = write_outputs(store, mixed, tmp_path / "ci" / "junit.xml", keep_nights=5)
    assert (tmp_path / "ci" / "junit.xml").read_text() == (folder / "junit.xml").read_text()
    assert (
        (folder / "summary.txt").read_text().startswith("night 2: 1 worse, 1 failed; 1 of 3 fine. kws on a")
    )
    with (folder / "results.csv").open(newline="") as file:
        table = {(line["job"], line["board"]): line for line in csv.DictReader(file)}
    assert table["kws", "a"]["state"] == "regression"
    assert float(table["kws", "a"]["latency_us"]) == 2000.0
    assert table["kws", "b"]["latency_us"] == ""
    page = (folder / "report.html").read_text()
    assert "<script>alert(1)" not in page
    specs = [
        json.loads(text)
        for text in re.findall(r'type="application/json" id="chart-\d+">(.*?)</script>', page)
    ]
    assert len(specs) == 4  # latency, accuracy, flash, RAM
    latency = str(specs[0])
    assert "2000.0" in latency and "1000.0" in latency and "regression" in latency
    assert not re.search(r'(src|href)="http', page)


def test_files_of_old_nights_go_and_their_rows_stay(store: Store) -> None:
    for _ in range(4):
        write_outputs(store, night(store, plan(), lambda j, b, m: row(b)), None, keep_nights=2)
    assert sorted(path.name for path in (store.folder / "nightly").iterdir()) == ["0003", "0004"]
    assert len(store.nights()) == 4


def test_files_that_cannot_be_written(store: Store, mixed: Night, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        write_outputs(store, mixed, tmp_path / "file" / "junit.xml", keep_nights=1)


def _try_to_lock(folder: Path, answers: "multiprocessing.SimpleQueue[str]") -> None:
    try:
        with night_lock(folder):
            answers.put("locked")
    except BusyError as error:
        answers.put(str(error))


def test_second_night_does_not_begin_and_a_killed_one_does_not_block(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.SimpleQueue[str] = context.SimpleQueue()
    with night_lock(tmp_path):
        assert night_under_way(tmp_path)
        second = context.Process(target=_try_to_lock, args=(tmp_path, answers))
        second.start()
        second.join(60)
        told = answers.get()
    assert "another night is under way since" in told
    assert f"process {os.getpid()}" in told
    code = (
        "import os, signal, sys; from pathlib import Path; from harness.nightly.lock import night_lock\n"
        "with night_lock(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert not night_under_way(tmp_path)
    with night_lock(tmp_path):
        pass


def test_notification_gets_the_summary_and_its_failure_is_told(tmp_path: Path) -> None:
    told = tmp_path / "told"
    assert notify(f"sh -c 'printf %s \"$0\" > {told}'", "night 1: $(all) `fine`") is None
    assert told.read_text() == "night 1: $(all) `fine`"
    assert "code 3: no network" in str(notify("sh -c 'echo no network >&2; exit 3'", "x"))
    assert "failed" in str(notify("/no/such/program", "x"))
    assert "failed" in str(notify("'unbalanced", "x"))


# --- schedule


@pytest.fixture
def schedule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Schedule:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HARNESS_BENCH_FILE", str(tmp_path / "100% bench.toml"))
    folder = tmp_path / "my rack"
    folder.mkdir()
    return Schedule(folder / "nightly.toml", tmp_path / "results", "2:05")


def _systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> Path:
    """A systemctl that writes down what it is told."""
    program, log = tmp_path / "bin" / "systemctl", tmp_path / "log"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >> {log}\n{answer}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    return log


def test_install_writes_and_enables_a_timer(
    schedule: Schedule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = _systemctl(tmp_path, monkeypatch, "echo running")
    assert install(schedule) is None
    assert log.read_text().splitlines() == [
        "--user is-system-running",
        "--user daemon-reload",
        "--user enable --now harness-nightly.timer",
    ]
    folder = tmp_path / "config" / "systemd" / "user"
    timer = (folder / "harness-nightly.timer").read_text()
    assert "OnCalendar=*-*-* 02:05:00" in timer
    assert "Persistent=true" in timer
    service = (folder / "harness-nightly.service").read_text()
    assert f'"{tmp_path}/my rack/nightly.toml"' in service
    assert "100%% bench.toml" in service


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
def test_systemd_accepts_the_units(
    schedule: Schedule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for suffix, text in (("service", schedule.service), ("timer", schedule.timer)):
        (tmp_path / f"harness-nightly.{suffix}").write_text(text)
    paths = [str(tmp_path / f"harness-nightly.{suffix}") for suffix in ("service", "timer")]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    assert not [line for line in done.stderr.splitlines() if "harness-nightly" in line]
    broken = tmp_path / "harness-nightly.timer"
    broken.write_text(schedule.timer.replace("02:05:00", "25:05:00"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", str(broken)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "harness-nightly" in done.stderr, "it does look at the file"


def test_without_systemd_there_is_a_line_for_cron(
    schedule: Schedule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _systemctl(tmp_path, monkeypatch, "echo 'Failed to connect to bus' >&2; exit 1")
    assert "Failed to connect to bus" in str(install(schedule))
    assert not (tmp_path / "config").exists()
    assert schedule.cron_line.startswith(f"5 2 * * *  cd '{tmp_path}/my rack' && HARNESS_")
    assert r"100\% bench.toml" in schedule.cron_line


@pytest.mark.parametrize("at", ["24:00", "2", "", "02:60", "2:15pm"])
def test_times_of_day_are_checked(at: str) -> None:
    with pytest.raises(InputError, match="no time of day"):
        Schedule(Path("a"), Path("b"), at)


@pytest.mark.parametrize(("options", "reason"), [([], None), (["--cron"], "--cron was given")])
def test_install_tells_as_json_what_it_did(
    schedule: Schedule,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    reason: str | None,
) -> None:
    _systemctl(tmp_path, monkeypatch, "echo running")
    (tmp_path / "m.tflite").touch()
    schedule.plan.write_text('[[jobs]]\nname = "m"\nmodel = "../m.tflite"\nboards = ["a"]\n')
    words = ["nightly", "install", str(schedule.plan), "--at", "2:05", *options]
    done = CliRunner().invoke(cli, [*words, "--results-dir", str(schedule.results_dir), "--json", "-"])
    assert json.loads(done.stdout) == {
        "timer": None if reason else "harness-nightly.timer",
        "no_timer_because": reason,
        "at": "2:05",
        "plan": str(schedule.plan),
        "cron_line": schedule.cron_line,
    }


# --- status


def test_accepting_is_told_as_json(store: Store, mixed: Night) -> None:
    words = ["nightly", "accept", "kws", "--results-dir", str(store.folder), "--json", "-"]
    done = CliRunner().invoke(cli, words)
    assert json.loads(done.stdout) == {"job": "kws", "board": None, "accepted": 1}
    again = CliRunner().invoke(cli, words)
    assert (again.exit_code, again.stdout) == (2, "")


def test_status_tells_the_last_night_and_each_board(
    store: Store, mixed: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert read_status(None).lines()[0] == "last: no night yet"
    found = read_status(store)
    assert [(board.board, board.state, board.faults_in_a_row) for board in found.boards] == [
        ("a", "ok", 0),
        ("b", "ok", 1),
        ("c", "ok", 0),
    ]
    text = "\n".join(found.lines())
    assert "exit code 1: night 2: 1 worse" in text
    assert "no timer is installed" in text
    store.begin_night("p", None)
    assert "night 3 stopped before its end" in "\n".join(read_status(store).lines())
    with night_lock(store.folder):
        assert "night 3 under way" in "\n".join(read_status(store).lines())
