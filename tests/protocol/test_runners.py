"""Strangers' runners drive our image as it is, and read from it what silicon printed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from harness.bench import LeasedBoard, open_board
from harness.config.kinds import load_kind
from harness.dut import Dut
from harness.firmware import build_image
from tests.measure.replay import inferences
from tests.protocol.eembc_runner import EembcRunner
from tests.protocol.mlcommons_runner import MlcommonsRunner

SAMPLES = 12


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in EnergyRunner's layout."""
    folder = tmp_path_factory.mktemp("kws01")
    random = np.random.default_rng(4)
    for index in range(SAMPLES):
        (folder / f"tst_{index:06d}.bin").write_bytes(random.bytes(490))
    rows = [f"tst_{index:06d}.bin,12,{index % 12}\n" for index in range(SAMPLES)]
    (folder / "y_labels.csv").write_text("".join(rows))
    return folder


def own_answers(board: LeasedBoard, folder: Path) -> list[np.ndarray]:
    """Raw outputs by the harness's own client and its additions to the protocol."""
    with board.open_serial() as port:
        dut = Dut(port, board.name)
        answers = []
        for path in sorted(folder.glob("*.bin")):
            dut.load(path.read_bytes())
            answers.append(np.frombuffer(dut.run_sample()[1], np.int8))
    return answers


def test_mlcommons_runner_identifies_the_device(board: LeasedBoard) -> None:
    runner = MlcommonsRunner(board.port_path)
    runner.identify()
    assert (runner.name, runner.model) == (board.kind.name, "kws01")


def test_mlcommons_runner_measures_performance(board: LeasedBoard, inputs: Path) -> None:
    runner = MlcommonsRunner(board.port_path)
    runner.identify()
    run = runner.performance(sorted(inputs.glob("*.bin"))[:5], 20, 1)
    with board.open_serial() as port:
        dut = Dut(port, board.name)
        dut.infer(20, 1)
        cycles = dut.cycles()
    per_second = 20 * cycles.clock_hz / cycles.cycles
    assert run.median_throughput == pytest.approx(per_second, rel=0.01)
    # one clock from window to window
    assert all(a.end_us < b.start_us for a, b in zip(run.windows, run.windows[1:], strict=False))


def test_mlcommons_runner_measures_accuracy(board: LeasedBoard, inputs: Path) -> None:
    share, results = MlcommonsRunner(board.port_path).accuracy(inputs)
    raw = own_answers(board, inputs)
    # The output's scale is 1/256 with zero point -128, as of every int8 softmax; decimals are cut, not rounded.
    for printed, output in zip(results, raw, strict=True):
        assert printed == pytest.approx(((output.astype(int) + 128) * 1000 // 256 / 1000).tolist(), abs=1e-9)
    expected = [int(np.argmax(output)) == index % 12 for index, output in enumerate(raw)]
    assert share == pytest.approx(sum(expected) / SAMPLES)


def test_eembc_runner_runs_its_performance_script(board: LeasedBoard, inputs: Path) -> None:
    files = [path.read_bytes() for path in sorted(inputs.glob("*.bin"))[:5]]
    with board.open_serial() as port:
        runner = EembcRunner(port)
        assert runner.detect() == board.kind.name
        median = runner.performance(files, 10, 1)
        dut = Dut(port, board.name)
        cycles = dut.cycles()
    assert median == pytest.approx(10 * cycles.clock_hz / cycles.cycles, rel=0.01)
    assert not [said for said in runner.log if said.startswith("e-")]


@pytest.fixture(scope="module", params=["nrf51-dk", "nrf52840-dk"])
def reference_board(
    request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LeasedBoard]:
    """Each virtual board, running the reference model of kws01."""
    model = shared_data / "models" / "kws_ref_model.tflite"
    kind = load_kind(request.param)
    image = build_image(model, kind, tmp_path_factory.mktemp("reference"), model_id="kws01")
    with open_board(f"virtual:{request.param}") as leased:
        leased.flash(image)
        yield leased


def test_eembc_runner_reads_what_silicon_printed(reference_board: LeasedBoard, shared_data: Path) -> None:
    session = inferences(shared_data / "golden/transcripts/v0.5_ref_kws_accuracy_head.log")[:20]
    with reference_board.open_serial() as port:
        runner = EembcRunner(port)
        runner.detect()
        for recorded in session:
            data = (shared_data / "kws" / "kws01" / recorded.file).read_bytes()
            assert runner.infer(data, 1, 0)[1] == recorded.answer[-2], recorded.file


def test_mlcommons_runner_reads_what_silicon_printed(
    reference_board: LeasedBoard, shared_data: Path, tmp_path: Path
) -> None:
    session = inferences(shared_data / "golden/transcripts/v0.5_ref_kws_accuracy_head.log")[20:35]
    given = shared_data / "kws" / "kws01"
    labels = {line.split(",")[0]: line for line in (given / "y_labels.csv").read_text().splitlines()}
    for recorded in session:
        (tmp_path / recorded.file).write_bytes((given / recorded.file).read_bytes())
    (tmp_path / "y_labels.csv").write_text("".join(labels[one.file] + "\n" for one in session))
    _, results = MlcommonsRunner(reference_board.port_path).accuracy(tmp_path)
    for recorded, printed in zip(session, results, strict=True):
        values = recorded.answer[-2].removeprefix("m-results-[").removesuffix("]").split(",")
        assert printed == [float(value) for value in values], recorded.file


def test_pixels_are_unsigned_on_the_line(
    kws_shaped: Path, tmp_path: Path, board: LeasedBoard, inputs: Path
) -> None:
    """Under the ids of picture models the device subtracts 128; what is printed back are pixels."""
    data = (inputs / "tst_000000.bin").read_bytes()
    pixels = bytes(byte ^ 0x80 for byte in data)
    with board.open_serial() as port:
        signed = EembcRunner(port).infer(data, 1, 0)[1]
    with open_board(f"virtual:{board.kind.name}") as other:
        other.flash(build_image(kws_shaped, board.kind, tmp_path, model_id="ic01"))
        with other.open_serial() as port:
            runner = EembcRunner(port)
            runner.detect()
            assert runner.command("profile")[1] == "m-model-[ic01]"
            assert runner.infer(pixels, 1, 0)[1] == signed
            runner.bload(pixels)
            assert runner.command("db print 8")[0] == "m-buffer-" + pixels[:8].hex("-")
