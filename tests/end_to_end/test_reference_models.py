"""The four MLPerf Tiny models on real samples: boards of both cores, both compilers, equal to the integer reference."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from harness.bench import open_board
from harness.config.kinds import load_kind
from harness.dut import Dut
from harness.errors import InputError
from harness.firmware import Image, build_image
from harness.firmware.host import HostModel
from harness.firmware.toolchain import find_toolchain
from harness.firmware.wire import to_wire
from harness.measure import start_image
from tests.end_to_end.reference_models import AD, MODELS, VWW, ReferenceModel, expected

CORES = ("cortex-m4", "cortex-m0")
TOOLCHAINS = ("zig", "gcc")


@dataclass(frozen=True)
class Running:
    """A model's image on a virtual board, some real samples and the right answers."""

    model: ReferenceModel
    image: Image
    dut: Dut
    samples: np.ndarray
    outputs: np.ndarray

    def answer(self, sample: np.ndarray) -> np.ndarray:
        """int8 outputs of one sample."""
        self.dut.load(to_wire(sample.tobytes(), self.model.model_id, self.image.input), 38)
        self.dut.infer(1, 0)
        return np.frombuffer(self.dut.output(), np.int8)


@contextmanager
def on_board(
    model: ReferenceModel, core: str, toolchain: str, count: int, data: Path, folder: Path
) -> Iterator[Running]:
    try:
        find_toolchain(toolchain, core)
    except InputError as error:
        pytest.skip(str(error))
    kind = "nrf52840-dk" if core == "cortex-m4" else model.small_kind
    image = build_image(
        model.path(data), load_kind(kind), folder, toolchain=toolchain, model_id=model.model_id
    )
    with open_board(f"virtual:{kind}") as board:
        board.flash(image)
        with board.open_serial() as port:
            dut = start_image(board, image, port)
            yield Running(model, image, dut, model.samples(data, count), expected(model, data, count))


def answers(running: Running) -> np.ndarray:
    return np.stack([running.answer(sample) for sample in running.samples])


# Enough to see each model, core and compiler in a short run; the whole is the long one's.
FEW = [
    pytest.param((model, core, toolchain), id=f"{model.name}-{core}-{toolchain}", marks=marks)
    for core, toolchain in zip(CORES, TOOLCHAINS, strict=True)
    for model in MODELS
    for marks in ([pytest.mark.long] if core == "cortex-m0" and model in (VWW, AD) else [],)
]


@pytest.fixture(scope="module", params=FEW)
def running(request, shared_data, tmp_path_factory) -> Iterator[Running]:
    with on_board(*request.param, 2, shared_data, tmp_path_factory.mktemp("build")) as found:
        yield found


def test_a_few_real_samples(running):
    np.testing.assert_array_equal(answers(running), running.outputs)


def test_a_sample_that_is_inferred_again_gives_the_same(running):
    """Also where its memory has gone to other layers since: the first result is kept."""
    once = running.answer(running.samples[0])
    printed = running.dut.results()
    running.dut.infer(2, 1)
    assert running.dut.results() == printed
    np.testing.assert_array_equal(np.frombuffer(running.dut.output(), np.int8), once)
    running.dut.layers()
    np.testing.assert_array_equal(np.frombuffer(running.dut.output(), np.int8), once)
    assert not np.array_equal(running.answer(running.samples[1]), once)


def test_time_does_not_depend_on_the_data(running):
    cycles = []
    for sample in (running.samples[0], np.full_like(running.samples[0], 127)):
        running.answer(sample)
        cycles.append(running.dut.cycles().cycles)
    if running.image.kind == "nrf52840-dk":
        assert max(cycles) - min(cycles) <= 0.001 * min(cycles)
    else:  # whose compilers' own multiplications and shifts take as long as their operands
        assert max(cycles) - min(cycles) <= 0.01 * min(cycles)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("toolchain", TOOLCHAINS)
@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_all_real_samples(model, core, toolchain, shared_data, tmp_path):
    with on_board(model, core, toolchain, model.count, shared_data, tmp_path) as running:
        assert len(running.outputs) == model.count
        np.testing.assert_array_equal(answers(running), running.outputs)


@pytest.mark.parametrize("count", [5, pytest.param(None, marks=pytest.mark.long)])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_host_build(model, count, shared_data, tmp_path):
    count = count or model.count
    got = HostModel(model.path(shared_data), tmp_path).run(model.samples(shared_data, count))
    np.testing.assert_array_equal(got.reshape(count, -1), expected(model, shared_data, count))
