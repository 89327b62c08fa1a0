"""Under the id of EnergyRunner's autoencoder samples come as float32, and one error goes back."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from harness.bench import LeasedBoard, open_board
from harness.config.kinds import load_kind
from harness.dut import Dut
from harness.errors import InputError
from harness.firmware import Image, build_image
from harness.measure import make_loader, start_image
from harness.tasks.framework import load_keras, seeded
from tests.firmware import models
from tests.protocol.conftest import KINDS
from tests.protocol.eembc_runner import EembcRunner
from tests.protocol.line import Line
from tests.protocol.mlcommons_runner import MlcommonsRunner

SIZE = 640


@dataclass(frozen=True)
class Running:
    """A board that runs the autoencoder, and samples as EnergyRunner has them, float32 `(n, 640)`."""

    board: LeasedBoard
    image: Image
    samples: np.ndarray

    def tensor(self, sample: np.ndarray) -> np.ndarray:
        """int8 input of a sample."""
        given = self.image.input
        return np.clip(np.round(sample / np.float32(given.scale)) + given.zero_point, -128, 127).astype(
            np.int8
        )

    def error(self, sample: np.ndarray, output: bytes) -> float:
        """Mean square of what the model made of a sample, less the sample as the model has it."""
        rebuilt = self.image.output.dequantize(np.frombuffer(output, np.int8))
        return float(np.mean((rebuilt - self.image.input.dequantize(self.tensor(sample))) ** 2))


@pytest.fixture(scope="module")
def autoencoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained one of 640 values."""
    keras = load_keras()
    with seeded(3):
        inputs = keras.layers.Input((SIZE,))
        x = keras.layers.Dense(4, activation="relu")(inputs)
        x = keras.layers.Dense(SIZE, bias_initializer="normal")(x)
    return models.write(keras.Model(inputs, x), tmp_path_factory.mktemp("model") / "small.tflite")


@pytest.fixture(scope="module", params=KINDS)
def running(
    request: pytest.FixtureRequest, autoencoder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    kind = load_kind(request.param)
    image = build_image(autoencoder, kind, tmp_path_factory.mktemp("build"), model_id="ad01")
    samples = np.random.default_rng(5).normal(size=(5, SIZE)).astype("<f4")
    with open_board(f"virtual:{request.param}") as board:
        board.flash(image)
        yield Running(board, image, samples)


def test_eembc_runner_reads_the_error(running: Running) -> None:
    with running.board.open_serial() as port:
        runner = EembcRunner(port)
        runner.detect()
        assert runner.command("profile")[1] == "m-model-[ad01]"
        for sample in running.samples[:2]:
            line = runner.infer(sample.tobytes(), 1, 0)[1]
            assert runner.command("x-sample")[0] == f"m-x-sample-[{zlib.crc32(running.tensor(sample)):08x}]"
            output = bytes.fromhex(runner.command("x-output")[0].split("[")[1].split(",")[0])
            printed = float(line.removeprefix("m-results-[").removesuffix("]"))
            assert printed == pytest.approx(running.error(sample, output), abs=0.001)


def test_mlcommons_runner_reads_one_value_a_window(running: Running, tmp_path: Path) -> None:
    files = [tmp_path / f"{index}.bin" for index in range(5)]
    for path, sample in zip(files, running.samples, strict=True):
        path.write_bytes(sample.tobytes())
    runner = MlcommonsRunner(running.board.port_path)
    runner.identify()
    assert runner.model == "ad01"
    found = runner.performance(files, 2, 1)
    errors = [window.results for window in found.windows]
    assert all(len(each) == 1 for each in errors)
    assert len({each[0] for each in errors}) > 1


@pytest.mark.parametrize("load", ["swd", "serial", "serial-strict"])
def test_every_way_in_gives_the_same(running: Running, load: str) -> None:
    sample = running.samples[0]
    tensor = running.tensor(sample)
    with running.board.open_serial() as port:
        dut = start_image(running.board, running.image, port)
        answer = make_loader(dut, running.board, running.image, load).ask(tensor.tobytes())
        assert dut.check_sample() == zlib.crc32(tensor)
        error = running.error(sample, dut.output())
        assert dut.results() == [pytest.approx(error, abs=0.001)]
        assert answer.tobytes() == (
            np.float32(dut.results()).tobytes() if load == "serial-strict" else dut.output()
        )


def test_a_refused_command_leaves_the_value_under_way(running: Running) -> None:
    sample = running.samples[1]
    text = sample.tobytes().hex()
    with running.board.open_serial() as port:
        line = Line(port)
        assert line.ask(f"db load {4 * SIZE}") == [f"m-[Expecting {4 * SIZE} bytes]"]
        line.ask(f"db {text[:12]}")  # a value and a half
        assert line.ask("db 0011223344556677889")[0].startswith("e-[")
        line.ask(f"db {text[12:]}")
        assert Dut(port, "desk").check_sample() == zlib.crc32(running.tensor(sample))
        assert line.ask(f"db load {4 * SIZE + 1}")[0] == f"e-[db load takes 1 to {4 * SIZE} bytes]"


def test_a_model_that_rebuilds_nothing_is_refused(kws_shaped: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="model id ad01 is for autoencoders and this model makes 12 values"):
        build_image(kws_shaped, load_kind("nrf51-dk"), tmp_path, model_id="ad01")
