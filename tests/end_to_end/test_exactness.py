"""What the boards answer is what the same C answers here, and what real silicon answered."""

import csv

import numpy as np
import pytest

from harness.bench import open_board
from harness.config.kinds import load_kind
from harness.errors import InputError
from harness.firmware import build_image
from harness.firmware.host import HostModel
from harness.firmware.toolchain import find_toolchain
from harness.measure import (
    PerformanceRules,
    make_loader,
    measure_accuracy,
    measure_performance,
    start_image,
)

KINDS = ("nrf51-dk", "nrf52840-dk")


def answers(kind, toolchain, model, samples, folder, model_id="custom"):
    """Outputs of int8 `samples` on a fresh virtual board, and the cycles of the first one."""
    try:
        find_toolchain(toolchain, "cortex-m0")
    except InputError as error:
        pytest.skip(str(error))
    image = build_image(model, load_kind(kind), folder, toolchain=toolchain, model_id=model_id)
    with open_board(f"virtual:{kind}") as board:
        board.flash(image)
        with board.open_serial() as port:
            dut = start_image(board, image, port)
            rules = PerformanceRules(windows=2, iterations=2)
            performance = measure_performance(dut, [samples[0].tobytes()], rules)
            names = [str(i) for i in range(len(samples))]
            loader = make_loader(dut, board, image)
            measured = measure_accuracy(loader, names, samples, np.zeros(len(samples), np.int64))
    assert performance.windows_us[0] == performance.windows_us[1]
    return measured.outputs, performance.cycles


@pytest.mark.parametrize("toolchain", ["zig", "gcc"])
@pytest.mark.parametrize("kind", KINDS)
def test_board_equals_host(kind, toolchain, small_model, tmp_path):
    samples = np.random.default_rng(5).integers(-128, 128, (20, 11, 9, 3)).astype(np.int8)
    got, _ = answers(kind, toolchain, small_model, samples, tmp_path)
    np.testing.assert_array_equal(got, HostModel(small_model, tmp_path).run(samples).reshape(got.shape))


def test_two_runs_take_the_same_cycles(small_model, tmp_path):
    samples = np.full((1, 11, 9, 3), 3, np.int8)
    runs = [answers(kind, "zig", small_model, samples, tmp_path)[1] for kind in KINDS * 2]
    assert runs[:2] == runs[2:]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_kws_on_the_board_equals_silicon(kind, shared_data, tmp_path):
    with (shared_data / "golden" / "kws01_silicon_int8.csv").open() as file:
        rows = list(csv.DictReader(file))
    samples = np.stack([np.fromfile(shared_data / "kws" / "kws01" / row["file"], np.int8) for row in rows])
    expected = np.array([[int(row[f"out{i}"]) for i in range(12)] for row in rows])
    model = shared_data / "models" / "kws_ref_model.tflite"
    got, _ = answers(kind, "zig", model, samples, tmp_path, "kws01")
    assert len(rows) == 500
    np.testing.assert_array_equal(got, expected)
