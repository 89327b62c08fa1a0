"""A submission folder as MLPerf's checker reads it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from harness.cli.main import cli
from harness.errors import InputError
from harness.firmware import Image
from harness.report.submission_results import REHEARSAL
from harness.report.submission_rules import BENCHMARKS
from tests.report.shelf import BOARD, SAMPLES, Shelf


def read(path: Path, pattern: str) -> float:
    """The figure of the last line that the checker's pattern matches."""
    return float(
        [match for line in path.read_text().splitlines() if (match := re.match(pattern, line))][-1][1]
    )


def test_the_checker_finds_its_files_and_figures(shelf: Shelf) -> None:
    shelf.add()
    results = shelf.submit()
    top = shelf.out / "open" / "Example"
    assert results == top / "results" / "nrf52840-dk" / "kws"
    assert sorted(path.name for path in shelf.out.iterdir()) == ["open"]
    for part in ("performance", "accuracy"):
        names = sorted(path.name for path in (results / part).iterdir())
        assert names == ["log.txt", "results.json", "results.txt"]
    throughput = read(
        results / "performance/results.txt", r".* Median throughput is\s+([\d\.]+) inf\./sec\..*"
    )
    assert throughput == pytest.approx(1e6 / 20_100, abs=1e-3)
    assert read(results / "accuracy/results.txt", r".* Top[- ]1%?\s?[:=] ([\d\.]+).*") == 90.75
    assert read(results / "accuracy/results.txt", r".* AUC\s?[:=] ([\d\.]+).*") == 0.9875
    system = json.loads((top / "systems/nrf52840-dk.json").read_text())
    assert system["Status"].lower() == "available"
    assert system["Division"] == "Open"
    assert system["Processor(s) Frequencies"] == "64 MHz"
    assert not [path for path in top.rglob("*") if path.is_dir() and not list(path.iterdir())]
    assert not [path for path in top.rglob("*") if path.name.startswith(".") or " " in path.name]


def test_energy_is_a_folder_of_its_own(shelf: Shelf) -> None:
    shelf.add()
    shelf.add(
        mode="energy",
        outputs_sha256=None,
        latency_us=None,
        windows_us=(),
        energy_uj=1146.6,
        power_uw=18_900.0,
        windows_uj=(1146.6, 1147.0, 1146.5, 1146.6, 1146.7),
        meter="lpm01a",
        timed_inputs="a.bin b.bin c.bin d.bin e.bin",
        warmup=10,
        rules="mlperf-tiny",
    )
    folder = shelf.submit() / "energy"
    assert read(folder / "results.txt", r".*Median energy cost is\s+([\d.]+) uJ/inf") == 1146.6
    entries = json.loads((folder / "results.json").read_text())
    assert [entry["file"] for entry in entries] == ["a.bin", "b.bin", "c.bin", "d.bin", "e.bin"]
    assert entries[1]["infer"]["energy_uj"] == pytest.approx(1147.0 * 500)


def test_energy_is_no_duty_and_quick_energy_none(shelf: Shelf) -> None:
    shelf.add()
    shelf.add(mode="energy", outputs_sha256=None, latency_us=None, energy_uj=1.0, power_uw=1.0, rules="quick")
    assert not (shelf.submit() / "energy").exists()


def test_every_window_and_sample_is_told(shelf: Shelf) -> None:
    stored = shelf.add()
    results = shelf.submit()
    windows = json.loads((results / "performance/results.json").read_text())
    assert [window["infer"]["elapsed_time"] for window in windows] == [
        10_050_000, 10_050_750, 10_049_500, 10_050_000, 10_050_250,
    ]  # fmt: skip
    assert [window["file"] for window in windows] == [f"tst_{i:06d}.bin" for i in range(5)]
    assert {window["infer"]["iterations"] for window in windows} == {500}
    samples = json.loads((results / "accuracy/results.json").read_text())
    assert len(samples) == SAMPLES
    found = [int(np.argmax(sample["infer"]["results"])) == int(sample["class"]) for sample in samples]
    assert sum(found) == 907
    assert max(samples[0]["infer"]["results"]) == pytest.approx(255 / 256)
    log = (results / "performance/log.txt").read_text()
    assert f"image_sha256 = {stored.image_sha256}" in log


def test_the_code_is_what_was_measured(workshop: Shelf, image: Image) -> None:
    workshop.add()
    workshop.submit()
    (code,) = (workshop.out / "open/Example/code/kws").iterdir()
    assert (code / "model.tflite").read_bytes() == workshop.model.read_bytes()
    assert (code / "generated/image.hex").read_bytes() == image.hex_path.read_bytes()
    assert (code / "firmware/dut/commands.c").is_file()
    assert image.build_id in (code / "README.md").read_text()


def test_an_image_that_cannot_be_built_again_is_refused(workshop: Shelf) -> None:
    workshop.add(build_id="0" * 16)
    with pytest.raises(InputError, match="measured with build 0000000000000000"):
        workshop.submit()
    assert not list(workshop.out.iterdir())


def test_a_second_system_stands_beside_the_first(shelf: Shelf) -> None:
    shelf.add()
    shelf.submit()
    with pytest.raises(InputError, match="is there already"):
        shelf.submit()
    shelf.submit(system="nrf52840-dk_rev2")
    assert len(list((shelf.out / "open/Example/systems").iterdir())) == 2


def test_the_newest_row_by_the_rules_counts(shelf: Shelf) -> None:
    shelf.add(windows_us=(30_000.0,) * 5)
    shelf.add()
    shelf.add(rules="quick", windows_us=(1.0,) * 5)
    text = (shelf.submit() / "performance/results.txt").read_text()
    assert "Median throughput is     49.751" in text


def test_a_rehearsal_says_so_in_every_file(shelf: Shelf) -> None:
    shelf.add(virtual=True)
    results = shelf.submit(rehearsal=True)
    assert results.parent.name == "nrf52840-dk-virtual"
    system = json.loads((shelf.out / "open/Example/systems/nrf52840-dk-virtual.json").read_text())
    assert system["Status"].lower() not in ("available", "preview", "rdi")
    for part in ("performance", "accuracy"):
        for name in ("log.txt", "results.txt"):
            assert (results / part / name).read_text().splitlines()[0] == REHEARSAL
        assert all(entry["rehearsal"] for entry in json.loads((results / part / "results.json").read_text()))


def test_the_reference_models_are_known(shared_data: Path) -> None:
    import hashlib

    files = {
        "kws": "kws_ref_model.tflite",
        "vww": "vww_96_int8.tflite",
        "ic": "pretrainedResnet_quant.tflite",
        "ad": "ad01_int8.tflite",
    }
    for name, file in files.items():
        found = hashlib.sha256((shared_data / "models" / file).read_bytes()).hexdigest()
        assert found == BENCHMARKS[name].model_sha256


def test_the_command_says_where_the_results_are(shelf: Shelf) -> None:
    shelf.add()
    arguments = [
        "submission",
        str(shelf.out),
        "--model",
        str(shelf.model),
        "--board",
        BOARD,
        "--org",
        "Example",
    ]
    arguments += ["--benchmark", "kws", "--results-dir", str(shelf.store.folder)]
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert (done.exit_code, Path(done.output.strip()).name) == (0, "kws"), done.output
    again = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert again.exit_code == 2
    assert "is there already" in again.output
