"""The tutorial does what it says: its files are written and its commands run, in a copy of the checkout."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import harness
from harness.bench.inventory import load_bench
from harness.config.kinds import read_kind
from harness.nightly import Thresholds, read_plan
from tests.docs.blocks import DOCS, blocks, file_block

TUTORIAL = DOCS / "tutorial.md"
_OTHER_FILES = ("bench.toml", "harness/tasks/iris.py")  # need hardware or an edit beside; checked below


def _run(command: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{command!r} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_every_command_works_as_shown(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    for name in ("harness", "boards", "firmware_templates"):
        shutil.copytree(
            DOCS.parent / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
        )
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(tmp_path),
        "HARNESS_RESULTS_DIR": str(tmp_path / "results"),
        "HARNESS_CACHE_DIR": str(request.config.cache.mkdir("harness")),
        "HARNESS_RUNTIME_DIR": str(tmp_path / "runtime"),
        "HARNESS_BENCH_FILE": str(tmp_path / "bench.toml"),
        "COLUMNS": "120",
    }
    where = _run("python -c 'import harness; print(harness.__file__)'", tmp_path, environment)
    assert where.startswith(str(tmp_path)), "the copy of the checkout is what must be run"

    ran = 0
    for block in blocks(TUTORIAL):
        if block.file and block.file not in _OTHER_FILES:
            (tmp_path / block.file).write_text(block.text)
        if block.language != "console":
            continue
        for command, shown in block.commands:
            said = _run(command, tmp_path, environment)
            ran += 1
            # Figures change with the firmware; what a line is about does not.
            firsts = [line.split()[0] for line in said.splitlines() if line.strip()]
            missing = [line for line in shown if line.split()[0] not in firsts]
            assert not missing, f"{command!r} no longer prints {missing}; it said:\n{said}"
    assert ran >= 8
    assert "<testsuite " in (tmp_path / "nightly.xml").read_text()
    assert (tmp_path / "build" / "nrf52-dk" / "image.hex").is_file()
    rows = harness.load_results(results_dir=tmp_path / "results")
    assert list(rows.kind) == ["nrf51-dk", "nrf52-dk", "nrf51-dk"], "each run is measured and kept"
    assert set(rows.status) == {"ok"} and rows.accuracy[0] > 0.85


def test_the_example_kind_is_the_nrf52840_with_less_memory(tmp_path: Path) -> None:
    path = tmp_path / "nrf52-dk.toml"
    path.write_text(file_block(TUTORIAL, "boards/nrf52-dk.toml"))
    kind = read_kind(path)
    known = read_kind(DOCS.parent / "boards" / "nrf52840-dk.toml")
    assert (kind.flash.size_bytes, kind.ram.size_bytes) == (512 * 1024, 64 * 1024)
    same = {"name": True, "title": True, "doc": True, "pyocd_target": True, "ram": True, "power": True}
    without = {**same, "flash": {"size_bytes"}}
    assert kind.model_dump(exclude=without) == known.model_dump(exclude=without)


def test_the_example_bench_file_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "bench.toml"
    path.write_text(file_block(TUTORIAL, "bench.toml"))
    units = load_bench(path)
    assert [(unit.name, unit.kind, unit.virtual) for unit in units.values()] == [
        ("desk-nrf52", "nrf52840-dk", False)
    ]


def test_the_example_plan_shows_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "nightly.toml"
    path.write_text(file_block(TUTORIAL, "nightly.toml"))
    (tmp_path / "digits.tflite").touch()
    plan = read_plan(path)
    assert plan.thresholds == Thresholds()
    assert plan.retries == 1
    assert plan.jobs[0].boards == ("virtual:nrf51-dk",)


def test_the_example_task_keeps_its_contract(tmp_path: Path) -> None:
    path = tmp_path / "iris.py"
    path.write_text(file_block(TUTORIAL, "harness/tasks/iris.py"))
    spec = importlib.util.spec_from_file_location("iris", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    task = module.iris_task()
    parts = (task.train, task.validation, task.test)
    assert [len(part) for part in parts] == [90, 15, 45]
    assert len(set().union(*(part.names for part in parts))) == 150
    for part in parts:
        assert part.x.shape == (len(part), *task.input_shape) and part.x.dtype == np.float32
        assert part.y.dtype == np.int64 and set(part.y) <= set(range(len(task.class_names)))
    assert module.iris_task().fingerprint == task.fingerprint
    assert task.test.encode(0.05, -128).dtype == np.int8
