"""Layer profiles: agreed with the whole or refused, kept with the row, shown as a table."""

import io
import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from rich.console import Console

import harness
from harness.api import load_layers
from harness.cli.layers import layer_table
from harness.cli.main import cli
from harness.dut import events
from harness.errors import InputError, MeasurementError
from harness.firmware.image import LayerSize
from harness.measure import LayerCycles, LayerProfile, PerformanceRules, measure_layers
from tests.firmware import models

IMAGE = SimpleNamespace(
    size=SimpleNamespace(layers=(LayerSize("00_conv_2d", "conv", 700), LayerSize("01_softmax", "soft", 20))),
    layers=(("00_conv_2d", 5000), ("01_softmax", 0)),
)


class Device:
    """Answers with given cycles of the layers and of the whole."""

    board = "desk"

    def __init__(self, whole, *layers):
        self._whole, self._layers = whole, layers

    def load(self, payload):
        assert payload == b"sample"

    def infer(self, iterations, warmup, timeout_s):
        assert iterations == 1

    def cycles(self):
        return events.Cycles(self._whole, 1000)

    def layers(self, timeout_s):
        return [events.Layer(i, name, cycles) for i, (name, cycles) in enumerate(self._layers)]


def test_layers_within_a_hundredth_of_the_whole_are_taken():
    device = Device(10_000, ("00_conv_2d", 9000), ("01_softmax", 900))
    profile = measure_layers(device, IMAGE, b"sample")
    assert profile.layers[0] == LayerCycles("00_conv_2d", "conv", 5000, 9000, 700)
    assert profile.rest_cycles == 100
    assert LayerProfile.from_json(json.loads(json.dumps(profile.to_json()))) == profile


@pytest.mark.parametrize("cycles", [8899, 9201])
def test_layers_that_are_not_the_whole_are_refused(cycles):
    device = Device(10_000, ("00_conv_2d", cycles), ("01_softmax", 900))
    with pytest.raises(MeasurementError, match=r"desk: the layers take .* more than 1% apart"):
        measure_layers(device, IMAGE, b"sample")


@pytest.mark.parametrize(
    "layers", [[("00_conv_2d", 10_000)], [("01_softmax", 900), ("00_conv_2d", 9000)]], ids=["few", "order"]
)
def test_layers_of_another_image_are_refused(layers):
    with pytest.raises(MeasurementError, match="not those of the image"):
        measure_layers(Device(10_000, *layers), IMAGE, b"sample")


def test_table_has_a_line_for_the_rest_and_shares_that_make_one():
    profile = LayerProfile((LayerCycles("a", "k", 500, 2000, 9), LayerCycles("b", "s", 0, 1980, 9)), 4000)
    out = io.StringIO()
    Console(file=out, width=100).print(layer_table(profile))
    rows = [line.split() for line in out.getvalue().splitlines()]
    assert ["a", "k", "500", "2,000", "4.00", "50.0%"] in rows
    assert ["b", "s", "1,980", "49.5%"] in rows
    assert ["rest", "20", "0.5%"] in rows
    assert ["all", "500", "4,000", "8.00", "100.0%"] in rows


@pytest.mark.parametrize("kind", ["nrf52840-dk", "virtual-m0"])
def test_layers_of_a_board_are_kept_with_its_row(kind, tmp_path):
    model = models.write(models.every_operator(), tmp_path / "small.tflite")
    row = harness.bench(model, f"virtual:{kind}", layers=True, rules=PerformanceRules(), results_dir=tmp_path)
    profile = load_layers(row, results_dir=tmp_path)
    assert sum(layer.macs for layer in profile.layers) == row.macs
    assert all(layer.cycles > 0 for layer in profile.layers)
    assert abs(profile.rest_cycles) <= 0.01 * profile.whole_cycles
    assert profile.whole_cycles == pytest.approx(row.cycles, rel=0.01)
    plain = harness.bench(model, f"virtual:{kind}", rules=PerformanceRules(), results_dir=tmp_path)
    assert plain.cycles == row.cycles, "timing the layers must not change the latency"
    with pytest.raises(InputError, match="--layers"):
        load_layers(plain, results_dir=tmp_path)


def test_command_line_shows_and_writes_the_layers(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_RESULTS_DIR", str(tmp_path / "results"))
    monkeypatch.setenv("COLUMNS", "100")
    model = models.write(models.every_operator(), tmp_path / "small.tflite")
    arguments = ["bench", str(model), "--quick", "--board", "virtual:virtual-m0", "--layers", "--json"]
    done = CliRunner().invoke(cli, [*arguments, str(tmp_path / "row.json")], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "row.json").read_text())["layers"]
    whole = sum(layer["cycles"] for layer in found["layers"]) + found["rest_cycles"]
    assert whole == found["whole_cycles"]
    for layer in found["layers"]:
        assert layer["name"] in done.output and f"{layer['cycles']:,}" in done.output
    assert "of no real chip" in done.output
