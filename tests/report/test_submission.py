"""A submission folder as MLPerf's checker reads it, and every refusal of the rules."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from harness.cli.main import cli
from harness.config.kinds import load_kind
from harness.errors import InputError
from harness.firmware import Image, build_image
from harness.measure import Accuracy
from harness.report import submission
from harness.report.submission import Entry, write_submission
from harness.report.submission_results import REHEARSAL
from harness.report.submission_rules import BENCHMARKS
from harness.store import Measurement, Store
from harness.tasks.framework import load_keras, seeded
from tests.firmware import models
from tests.store.rows import row

BOARD = "desk-nrf52"
SAMPLES = 1000


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    layers = load_keras().layers
    with seeded(3):
        inputs = layers.Input((49, 10, 1))
        x = layers.Dense(12, activation="softmax")(layers.Flatten()(inputs))
    folder = tmp_path_factory.mktemp("model")
    return models.write(load_keras().Model(inputs, x), folder / "tiny_kws.tflite")


@pytest.fixture(scope="module")
def image(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Image:
    return build_image(model, load_kind("nrf52840-dk"), tmp_path_factory.mktemp("built"), model_id="kws01")


def answers(samples: int = SAMPLES, right: int = 907) -> Accuracy:
    labels = np.arange(samples) % 12
    outputs = np.full((samples, 12), -128, np.int8)
    outputs[np.arange(samples), np.where(np.arange(samples) < right, labels, (labels + 1) % 12)] = 127
    return Accuracy(tuple(f"tst_{i:06d}.bin" for i in range(samples)), labels, outputs, 0)


class Shelf:
    """A store with one row that may be submitted, or not, after changes to it."""

    def __init__(self, folder: Path, model: Path, image: Image) -> None:
        self.store = Store(folder / "results")
        self.out = folder / "mlperf"
        self.model = model
        self.good = row(
            board=BOARD,
            candidate=None,
            cut=None,
            head=None,
            model_name="tiny_kws",
            model_sha256=image.model_sha256,
            build_id=image.build_id,
            compiler=image.compiler,
            rules="mlperf-tiny",
            iterations=500,
            latency_us=20_100.0,
            windows_us=(20_100.0, 20_101.5, 20_099.0, 20_100.0, 20_100.5),
            auc=0.9875,
            split="official",
        )

    def add(self, asked: Accuracy | None = None, **changes: object) -> Measurement:
        asked = asked or answers()
        sha256 = self.store.artifacts.put(asked.to_csv().encode(), ".csv")
        return self.store.add(replace(self.good, **({"outputs_sha256": sha256} | changes)))

    def submit(self, **changes: object) -> Path:
        entry = replace(Entry("Example", "kws", self.model, BOARD), **changes)
        return write_submission(self.store, entry, self.out)


@pytest.fixture
def workshop(tmp_path: Path, model: Path, image: Image) -> Iterator[Shelf]:
    made = Shelf(tmp_path, model, image)
    yield made
    made.store.close()


@pytest.fixture
def shelf(workshop: Shelf, image: Image, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """As `workshop`, but the image is not compiled once more."""
    monkeypatch.setattr(submission, "rebuild", lambda *_: image)
    return workshop


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


def test_one_name_for_two_systems_is_refused(shelf: Shelf) -> None:
    shelf.add()
    shelf.submit()
    with pytest.raises(InputError, match="describes another system"):
        shelf.submit(status="preview")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"rules": "quick"}, "with --quick only; run `harness bench"),
        ({"outputs_sha256": None}, "no row with both latency and accuracy"),
        ({"latency_us": None}, "no row with both latency and accuracy"),
        ({"status": "failed"}, "has not been measured"),
        ({"fits": False}, "has not been measured"),
        ({"padding_bytes": 4}, "has not been measured"),
        ({"board": "other"}, "has not been measured"),
        ({"windows_us": (20_100.0,) * 3}, "3 windows and 5 are due"),
        ({"windows_us": (20_100.0,) * 6}, "6 windows and 5 are due"),
        ({"windows_us": (20_100.0,) * 4 + (19_900.0,)}, r"window of 9\.950 s and 10 s are due"),
        ({"windows_us": (2e6,) * 5, "iterations": 9}, "9 inferences a window and 10 are due"),
        ({"split": "test"}, "own test split"),
        ({"virtual": True}, "is emulated and its latency an estimate"),
    ],
)
def test_what_the_rules_forbid(shelf: Shelf, changes: dict[str, object], told: str) -> None:
    shelf.add(**changes)
    with pytest.raises(InputError, match=told):
        shelf.submit()
    assert not list(shelf.out.rglob("results.txt"))


def test_a_part_of_the_samples_is_refused(shelf: Shelf) -> None:
    shelf.add(answers(200))
    with pytest.raises(InputError, match="answers to 200 files and 1,000 are due"):
        shelf.submit()


def test_a_sample_asked_twice_is_refused(shelf: Shelf) -> None:
    asked = answers()
    shelf.add(replace(asked, names=(*asked.names, asked.names[0]), labels=np.append(asked.labels, 0),
                      outputs=np.vstack([asked.outputs, asked.outputs[:1]])))  # fmt: skip
    with pytest.raises(InputError, match="same sample twice"):
        shelf.submit()


def test_another_benchmark_s_samples_are_refused(shelf: Shelf) -> None:
    shelf.add()
    with pytest.raises(InputError, match="vww01 has 2 classes"):
        shelf.submit(benchmark="vww")


def test_the_newest_row_by_the_rules_counts(shelf: Shelf) -> None:
    shelf.add(windows_us=(30_000.0,) * 5)
    shelf.add()
    shelf.add(rules="quick", windows_us=(1.0,) * 5)
    text = (shelf.submit() / "performance/results.txt").read_text()
    assert "Median throughput is     49.751" in text


def test_closed_needs_the_given_weights(shelf: Shelf) -> None:
    shelf.add()
    with pytest.raises(InputError, match=r"not kws01's reference model.*--given-weights"):
        shelf.submit(division="closed")
    assert shelf.submit(division="closed", given_weights=True).is_relative_to(shelf.out / "closed")


def test_pruned_in_closed_is_refused_whoever_says_what(shelf: Shelf) -> None:
    shelf.add()
    # The same file was once a candidate of a study, on another board.
    shelf.add(board="other", candidate="b2-aux", cut="activation_4", head="aux")
    with pytest.raises(InputError, match=r"pruned .*closed division forbids"):
        shelf.submit(division="closed", given_weights=True)
    assert shelf.submit().is_relative_to(shelf.out / "open")


def test_closed_takes_no_image_that_leaves_weights_out(
    shelf: Shelf, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    smaller = replace(image, nominal_macs=image.macs + 1200)
    monkeypatch.setattr(submission, "rebuild", lambda *_: smaller)
    shelf.add()
    with pytest.raises(InputError, match="leaves out 1,200 of the model's"):
        shelf.submit(division="closed", given_weights=True)
    assert not list(shelf.out.iterdir())
    shelf.submit()


def test_closed_has_a_target(shelf: Shelf) -> None:
    shelf.add(accuracy=0.8995)
    with pytest.raises(InputError, match=r"accuracy that is 0\.8995 and the closed division asks for 0\.9"):
        shelf.submit(division="closed", given_weights=True)
    shelf.submit()


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


@pytest.mark.parametrize("name", ["", "a b", "../x", "x/y", ".hidden"])
def test_names_of_folders_are_checked(shelf: Shelf, name: str) -> None:
    shelf.add()
    with pytest.raises(InputError, match="no name of a folder"):
        shelf.submit(organisation=name)


def test_firmware_of_others_is_not_submitted(shelf: Shelf) -> None:
    with pytest.raises(InputError, match="not built here"):
        shelf.submit(board="port:/dev/ttyACM0")


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
