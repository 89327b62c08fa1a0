"""The image for the micro:bit v1 in an emulator that is not ours: same protocol, same integers."""

from pathlib import Path

import numpy as np
import pytest

from harness.bench import open_board
from harness.config.kinds import load_kind
from harness.dut import Dut
from harness.firmware import Image, build_image
from harness.measure import make_loader, measure_accuracy, start_image
from harness.measure.loading import SerialLoader
from harness.tasks import load_task
from tests.end_to_end.reference_models import KWS
from tests.firmware import models
from tests.qemu.machine import microbit

pytestmark = pytest.mark.qemu

KIND = "microbit-v1"


def outputs(loader, samples: np.ndarray) -> np.ndarray:
    """int8 output tensors of `samples`."""
    names = [str(index) for index in range(len(samples))]
    return measure_accuracy(loader, names, samples, np.zeros(len(samples), np.int64)).outputs


def ours(image: Image, samples: np.ndarray) -> np.ndarray:
    with open_board(f"virtual:{KIND}") as board:
        board.flash(image)
        with board.open_serial() as port:
            return outputs(make_loader(start_image(board, image, port), board, image), samples)


def theirs(image: Image, samples: np.ndarray) -> np.ndarray:
    with microbit(image.elf_path) as port:
        dut = Dut(port, "qemu")
        assert dut.wait_boot(20.0).mode == "performance"
        info = dut.info()
        assert info is not None and (info.kind, info.build) == (KIND, image.build_id)
        return outputs(SerialLoader(dut, outputs=image.output.size_bytes), samples)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """A network of every kind of operator."""
    folder = tmp_path_factory.mktemp("image")
    return build_image(
        models.write(models.every_operator(), folder / "small.tflite"), load_kind(KIND), folder
    )


def test_every_operator(image: Image) -> None:
    samples = np.random.default_rng(5).integers(-128, 128, (20, *image.input.shape[1:])).astype(np.int8)
    np.testing.assert_array_equal(theirs(image, samples), ours(image, samples))


def test_digits(digits_model: Path, tmp_path: Path) -> None:
    image = build_image(digits_model, load_kind(KIND), tmp_path)
    scans = load_task("digits").test.x[:50]
    samples = np.clip(np.round(scans / image.input.scale) + image.input.zero_point, -128, 127).astype(np.int8)
    np.testing.assert_array_equal(theirs(image, samples), ours(image, samples))


def test_keyword_spotting(shared_data: Path, tmp_path: Path) -> None:
    """The whole reference model fits the 16 KB of RAM."""
    image = build_image(KWS.path(shared_data), load_kind(KIND), tmp_path, model_id=KWS.model_id)
    samples = KWS.samples(shared_data, 20)
    np.testing.assert_array_equal(theirs(image, samples), ours(image, samples))


def test_protocol(image: Image) -> None:
    """What a runner asks before and between inferences, in QEMU's machine."""
    with microbit(image.elf_path) as port:
        boot = port.read_until(b"m-ready\r\n").decode().split()
        assert [line.split("-us-")[0] for line in boot] == [
            "m-timestamp-mode-performance", "m-lap", "m-init-done", "m-ready",
        ]  # fmt: skip
        answers = {}
        for command in ("name", "profile", "results", "nonsense"):
            port.write(f"{command}%".encode())
            answers[command] = port.read_until(b"m-ready\r\n").decode()
        assert "m-name-dut-[microbit-v1]" in answers["name"]
        assert "m-model-[custom]" in answers["profile"]
        assert "m-results-[" in answers["results"]
        assert answers["nonsense"].startswith("e-[")
