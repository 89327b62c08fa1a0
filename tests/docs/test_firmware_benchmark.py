"""benchmarks/firmware.py measures what it prints, and says which models are missing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from harness.measure import PerformanceRules
from tests.docs.blocks import DOCS
from tests.firmware import models

SCRIPT = DOCS.parent / "benchmarks" / "firmware.py"


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "220", "HARNESS_RUNTIME_DIR": str(folder / "run")}
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], env=environment, cwd=folder, capture_output=True, text=True
    )


def test_figures_are_those_of_the_harness(tmp_path: Path) -> None:
    model = models.write(models.every_operator(), tmp_path / "small.tflite")
    done = _run(tmp_path, str(model), "--layers", "--json", "figures.json")
    assert done.returncode == 0, done.stderr
    results = {item["board"]: item for item in json.loads((tmp_path / "figures.json").read_text())}
    assert set(results) == {"nrf52840-dk", "virtual-m0"}
    for board, item in results.items():
        row = harness.bench(
            model,
            f"virtual:{board}?wait_states=0",
            rules=PerformanceRules(),
            results_dir=tmp_path / "results",
        )
        # The samples differ, and with them the time of what depends on the data.
        assert item["cycles"] == pytest.approx(row.cycles, rel=0.1)
        assert (item["flash_bytes"], item["ram_bytes"]) == (row.flash_bytes, row.ram_bytes)
        assert item["static_bytes"] + item["arena_bytes"] + item["stack_bytes"] == item["ram_bytes"]
        assert item["stack_used_bytes"] == row.stack_used_bytes
        assert item["effective_macs"] == row.macs
        assert item["layers"]["whole_cycles"] == pytest.approx(item["cycles"], rel=0.1)
        assert item["marks"] == {}, "this model has no bars"
        for figure in (f"{item['cycles'] / 1e6:.3f}", f"{row.macs:,}", f"{item['arena_bytes']:,}"):
            assert figure in done.stdout
        for layer in item["layers"]["layers"]:
            assert f"{layer['cycles']:,}" in done.stdout


@pytest.mark.slow
def test_a_reference_model_stands_beside_its_bars(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "models"
    done = _run(
        tmp_path, str(folder / "kws_ref_model.tflite"), "--board", "nrf51-dk", "--json", "figures.json"
    )
    assert done.returncode == 0, done.stderr
    (item,) = json.loads((tmp_path / "figures.json").read_text())
    assert item["nominal_macs"] == 2_656_768
    must, goal, value = 26e6, 18e6, item["cycles"]
    assert item["marks"]["cycles"] == ("++" if value <= goal else "+" if value <= must else "-")
    assert "26 / 18" in done.stdout and "44 / 38" in done.stdout and "20 / 12" in done.stdout


def test_missing_models_are_named(tmp_path: Path) -> None:
    done = _run(tmp_path, "--models", str(tmp_path))
    assert done.returncode == 2
    for name in ("kws", "vww", "ic", "ad"):
        assert f"{name} is skipped: there is no {tmp_path}" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("Error: no model in")


def test_a_named_model_must_be_there(tmp_path: Path) -> None:
    done = _run(tmp_path, "none.tflite")
    assert done.returncode == 2
    assert done.stderr == "Error: no model file none.tflite; give the path of an int8 .tflite file\n"
