"""`harness runs`, `gc`, `export` and `completion` as commands."""

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from harness.cli.main import cli
from harness.store import Store
from tests.store.rows import row


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "results"
    monkeypatch.setenv("HARNESS_RESULTS_DIR", str(folder))
    monkeypatch.setenv("HARNESS_RUNTIME_DIR", str(tmp_path / "runtime"))
    with Store(folder) as store:
        store.open_study("s", "kws", {})
        store.add(row(model_name="slow", latency_us=2000.0, image_sha256="a" * 64))
        store.add(row(model_name="fast", latency_us=1000.0, image_sha256="b" * 64, board="[b]odd", study="s"))
        store.add(row(status="failed", failure="LinkError: silent", latency_us=None))
    return folder


def run(*args: str, columns: int = 100) -> Result:
    return CliRunner().invoke(cli, args, env={"COLUMNS": str(columns)})


def as_json(*args: str) -> Any:
    done = run(*args, "--json", "-")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ([], [1, 2, 3]),
        (["--last", "2"], [2, 3]),
        (["--board", "[b]odd"], [2]),
        (["--model", "slow"], [1]),
        (["--status", "failed"], [3]),
        (["--status", "ok", "--kind", "nrf52840-dk", "--study", "s"], [2]),
        (["--mode", "energy"], []),
    ],
)
def test_rows_are_chosen(results: Path, options: list[str], rows: list[int]) -> None:
    assert [item["id"] for item in as_json("runs", "list", *options)] == rows


@pytest.mark.parametrize("columns", [50, 80, 140])
def test_list_fits_the_terminal(results: Path, columns: int) -> None:
    done = run("runs", "list", columns=columns)
    assert max(map(len, done.output.splitlines())) <= columns
    assert "2.00 ms" in done.output
    assert ("RAM" in done.output) == (columns >= 80)


def test_show_and_compare(results: Path) -> None:
    shown = run("runs", "show", "2").output
    assert "[b]odd" in shown
    assert "0123456789abcdef" in shown
    found = as_json("runs", "compare", "1", "2")
    assert [item["column"] for item in found[:2]] == ["latency_us", "image_sha256"]
    assert found[0]["change_percent"] == -50.0
    assert "-50.00 %" in run("runs", "compare", "1", "2").output
    assert "differ in nothing" in run("runs", "compare", "1", "1").output


def test_export_chooses_too(results: Path, tmp_path: Path) -> None:
    import harness.store.frames as frames

    for command in (["export"], ["runs", "export"]):
        path = tmp_path / "out.csv"
        assert run(*command, "--csv", str(path), "--status", "ok", "--model", "fast").exit_code == 0
        assert frames.read_csv(path).id.tolist() == [2]
        assert as_json(*command, "--csv", str(path)) == {"csv": str(path), "rows": 3}
        assert len(frames.read_csv(path)) == 3


_NO_FACTS = {"boards udev", "completion"}  # what they print is itself for programs


def test_every_command_that_tells_facts_tells_them_as_json_too() -> None:
    def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
        context = click.Context(group)
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            assert found is not None
            if isinstance(found, click.Group):
                yield from commands(found, (*path, name))
            else:
                yield " ".join((*path, name)), found

    found = dict(commands(cli))
    assert {"bench", "nightly install", "runs export", "boards quarantine lift"} <= found.keys()
    without = {
        name for name, command in found.items() if not any("--json" in one.opts for one in command.params)
    }
    assert without == _NO_FACTS


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["runs", "show", "99"], "no row 99"),
        (["runs", "list", "--study", "none"], "no study 'none'"),
        (["runs", "list", "--results-dir", "nowhere"], "no results in nowhere"),
        (["gc", "--results-dir", "nowhere"], "no results in nowhere"),
    ],
)
def test_what_is_not_there_is_told(results: Path, args: list[str], told: str) -> None:
    done = run(*args)
    assert done.exit_code == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_store_of_a_newer_harness(results: Path) -> None:
    connection = sqlite3.connect(results / "harness.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    done = run("runs", "list")
    assert (done.exit_code, "newer harness" in done.stderr) == (6, True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_that_is_read_only(results: Path) -> None:
    results.chmod(0o500)
    try:
        done = run("runs", "list")
        assert (done.exit_code, "no permission" in done.stderr) == (2, True)
    finally:
        results.chmod(0o700)


def test_gc_says_what_goes_before_it_goes(results: Path, tmp_path: Path) -> None:
    with Store(results) as store:
        path = store.artifacts.path(store.artifacts.put(b"nobody needs this"))
    then = time.time() - 24 * 3600
    os.utime(path, (then, then))
    dead = tmp_path / "runtime" / "virtual" / "dead.json"
    dead.parent.mkdir(parents=True)
    dead.write_text(json.dumps({"pid": 2**22 + 1}))
    alive = dead.with_name("alive.json")
    alive.write_text(json.dumps({"pid": os.getpid()}))
    promised = as_json("gc", "--dry-run")
    assert (promised["removed"], promised["files"]["artifact"]) == (False, 1)
    assert (path.exists(), dead.exists()) == (True, True)
    done = run("gc")
    assert f"{promised['bytes']:,} bytes freed" in done.output
    assert (path.exists(), dead.exists(), alive.exists()) == (False, False, True)
    assert "Nothing to remove" in run("gc").output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(shell: str) -> None:
    done = run("completion", shell)
    assert done.exit_code == 0
    assert f"_HARNESS_COMPLETE={shell}_complete" in done.output


def test_completion_completes(monkeypatch: pytest.MonkeyPatch) -> None:
    env = {"_HARNESS_COMPLETE": "bash_complete", "COMP_WORDS": "harness runs co", "COMP_CWORD": "2"}
    done = CliRunner().invoke(cli, [], prog_name="harness", env=env)
    assert done.output.split() == ["plain,compare"]
