"""Modes of `harness bench` on virtual boards: every way in gives the same answers, and a killed run goes on."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from harness.bench import open_board
from harness.cli.main import cli
from harness.config.kinds import load_kind
from harness.dut import Dut
from harness.firmware import build_image
from harness.firmware.host import HostModel
from harness.measure import LOADS, make_loader, measure_accuracy
from harness.search.answers import held_answers

BOARD = "virtual:nrf52840-dk"
CLASSES = 5


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_RESULTS_DIR", str(tmp_path / "results"))
    random = np.random.default_rng(3)
    x = random.integers(0, 256, (60, 11, 9, 3), np.uint8)
    np.savez(tmp_path / "pictures.npz", x=x, y=random.integers(0, CLASSES, len(x)))
    return tmp_path


def _bench(*arguments):
    done = CliRunner().invoke(cli, ["bench", *arguments, "--board", BOARD], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def _outputs(path: Path) -> list[list[float]]:
    with path.open() as file:
        return [[float(value) for value in row[2:]] for row in list(csv.reader(file))[1:]]


def test_every_way_in_gives_the_same_answers(folder, small_model):
    pixels = np.load(folder / "pictures.npz")["x"]
    expected = HostModel(small_model, folder).run((pixels ^ 0x80).view(np.int8)).reshape(len(pixels), -1)
    rows = {}
    for load in LOADS:
        _bench(
            str(small_model), "--mode", "accuracy", "--samples", "pictures.npz", "--load", load,
            "--outputs", "out.csv", "--json", "row.json",
        )  # fmt: skip
        rows[load] = json.loads((folder / "row.json").read_text())
        assert rows[load]["load"] == load and rows[load]["retries"] == 0
        assert rows[load]["latency_us"] is None and rows[load]["mode"] == "accuracy"
        if load == "serial-strict":
            assert np.argmax(_outputs(folder / "out.csv"), 1).tolist() == expected.argmax(1).tolist()
        else:
            np.testing.assert_array_equal(_outputs(folder / "out.csv"), expected)
    assert len({(row["correct"], row["samples"]) for row in rows.values()}) == 1
    assert rows["swd"]["auc"] == rows["serial"]["auc"]


@pytest.mark.slow
def test_a_killed_run_goes_on_at_the_sample_where_it_stopped(folder, small_model):
    command = [
        sys.executable, "-m", "harness", "bench", str(small_model), "--board", BOARD, "--mode", "accuracy",
        "--samples", "pictures.npz", "--load", "serial-strict",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    answers = folder / "results" / "answers"
    deadline = time.monotonic() + 60
    while sum(len(path.read_bytes().splitlines()) for path in answers.glob("*")) < 10:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (journal,) = answers.glob("*")
    done = len(journal.read_bytes().splitlines())
    if done == 60:
        pytest.skip("the run was done before it could be killed")
    marked = journal.read_bytes().splitlines(keepends=True)
    # An answer that a board would not give shows that it was not asked again.
    text = json.dumps([1.5] + [0.0] * (CLASSES - 1)).encode()
    marked[0] = f"{zlib.crc32(text):08x} ".encode() + text + b"\n"
    journal.write_bytes(b"".join(marked))
    with held_answers(journal):  # as a second run of the same does that is under way
        _bench(
            str(small_model), "--mode", "accuracy", "--samples", "pictures.npz", "--load", "serial-strict",
            "--outputs", "own.csv",
        )  # fmt: skip
    own = _outputs(folder / "own.csv")
    assert (len(own), journal.read_bytes()) == (60, b"".join(marked))
    _bench(
        str(small_model), "--mode", "accuracy", "--samples", "pictures.npz", "--load", "serial-strict",
        "--outputs", "out.csv",
    )  # fmt: skip
    found = _outputs(folder / "out.csv")
    assert len(found) == 60
    assert found[0] == [1.5] + [0.0] * (CLASSES - 1) != own[0]
    assert found[1:] == own[1:]
    assert not list(answers.glob("*"))


@pytest.mark.parametrize(("load", "drop"), [("swd", 0.002), ("serial", 0.0005)])
def test_answers_are_exact_over_a_line_that_loses_bytes(load, drop, small_model, tmp_path):
    image = build_image(small_model, load_kind("nrf52840-dk"), tmp_path)
    samples = np.random.default_rng(4).integers(-128, 128, (30, 11, 9, 3), np.int8)
    with open_board(f"{BOARD}?drop={drop}&seed=1") as board:
        board.flash(image)
        with board.open_serial() as port:
            dut = Dut(port, board.name, allowance_s=0.5)
            board.reset()
            dut.resync()
            loader = make_loader(dut, board, image, load)
            found = measure_accuracy(loader, [str(i) for i in range(30)], samples, np.zeros(30, np.int64))
    expected = HostModel(small_model, tmp_path).run(samples)
    np.testing.assert_array_equal(found.outputs, expected.reshape(found.outputs.shape))
    assert found.retries + dut.retries > 0


def test_modes_fill_the_row_with_what_they_measure(folder, small_model):
    for mode, filled in {
        "memory": {"flash_bytes", "stack_used_bytes"},
        "profile": {"layers_sha256", "stack_used_bytes"},
        "performance": {"latency_us", "windows_us", "spread", "stack_used_bytes"},
    }.items():
        _bench(str(small_model), "--mode", mode, "--quick", "--json", "row.json")
        row = json.loads((folder / "row.json").read_text())
        assert row["mode"] == mode
        assert all(row[name] is not None for name in filled)
        assert (row["latency_us"] is None) == (mode != "performance")


@pytest.mark.slow
def test_windows_are_ten_seconds_by_the_device_s_clock(folder, small_model):
    _bench(str(small_model), "--mode", "performance", "--json", "row.json")
    row = json.loads((folder / "row.json").read_text())
    assert row["rules"] == "mlperf-tiny"
    assert len(row["windows_us"]) == 5
    assert all(us * row["iterations"] >= 10e6 for us in row["windows_us"])


@pytest.mark.slow
def test_shifted_code_is_measured_beside_the_image(folder, small_model):
    done = _bench(str(small_model), "--quick", "--perturb", "2", "--json", "row.json")
    row = json.loads((folder / "row.json").read_text())
    assert [other["padding_bytes"] for other in row["perturbed"]] == [4, 8]
    images = {row["image_sha256"], *(other["image_sha256"] for other in row["perturbed"])}
    assert len(images) == 3
    assert "between 3 places of the code" in done.output


def test_a_window_across_the_wrap_of_the_counter(running):
    if running.image.kind != "nrf52840-dk":
        pytest.skip("only the cycle counter of Cortex-M4 can be set")
    running.dut.load(bytes(running.image.input.size_bytes))
    running.dut.infer(20, 1)
    straight = running.dut.cycles().cycles
    before = running.dut.timestamp_us()
    running.board.write_memory(0xE000_1004, (2**32 - straight // 2).to_bytes(4, "little"))
    reply = running.dut.infer(20, 0)
    assert running.dut.cycles().cycles == pytest.approx(straight, rel=0.001)
    assert reply.elapsed_us == pytest.approx(straight * 1e6 / 64e6, rel=0.001)
    assert reply.t1_us > reply.t0_us > before
