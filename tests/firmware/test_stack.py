"""The stack that boards use is never more than its bound, and not much less."""

from pathlib import Path

import pytest

from harness.bench import open_board
from harness.config.kinds import load_kind
from harness.dut.events import StackUse
from harness.errors import InputError
from harness.firmware import Image, build_image
from harness.firmware.stack import stack_bound
from harness.measure import start_image
from tests.firmware import models

TOOLCHAINS = ["zig", "gcc"]
# One for each function that the client's own calls leave out.
COMMANDS = [
    "db print 40 3",
    "db 00",
    "db load 0",
    "results",
    "x-output",
    "x-info",
    "help",
    "timestamp",
    "profile",
    "?",
]


def _deepest_use(kind: str, toolchain: str, model: Path, folder: Path) -> tuple[Image, StackUse]:
    """The image, and the stack used after every command that has a function of its own."""
    try:
        image = build_image(model, load_kind(kind), folder, toolchain=toolchain)
    except InputError as error:
        pytest.skip(str(error))
    with open_board(f"virtual:{kind}") as board:
        board.flash(image)
        with board.open_serial() as port:
            dut = start_image(board, image, port)
            dut.load(bytes(image.input.size_bytes))
            dut.infer(1, 1)
            dut.layers()
            port.timeout = 10.0
            for command in COMMANDS:
                port.write(f"{command}%".encode())
                assert port.read_until(b"m-ready\r\n").endswith(b"m-ready\r\n")
            return image, dut.memory()


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
@pytest.mark.parametrize("kind", ["nrf51-dk", "nrf52840-dk"])
def test_what_a_board_uses_is_bounded_closely(kind, toolchain, tmp_path):
    model = models.write(models.every_operator(), tmp_path / "small.tflite")
    image, use = _deepest_use(kind, toolchain, model, tmp_path)
    assert use.used_bytes <= image.size.stack_bound_bytes <= 1.5 * use.used_bytes
    assert use.reserve_bytes == image.size.stack_bytes == stack_bound(image.elf_path).reserve_bytes
    assert use.reserve_bytes > image.size.stack_bound_bytes


@pytest.mark.long
@pytest.mark.parametrize("name", ["kws_ref_model", "vww_96_int8", "pretrainedResnet_quant", "ad01_int8"])
@pytest.mark.parametrize("toolchain", TOOLCHAINS)
@pytest.mark.parametrize("kind", ["virtual-m0", "nrf52840-dk"])
def test_real_models_are_bounded_closely(kind, toolchain, name, shared_data, tmp_path):
    image, use = _deepest_use(kind, toolchain, shared_data / "models" / f"{name}.tflite", tmp_path)
    assert use.used_bytes <= image.size.stack_bound_bytes <= 1.5 * use.used_bytes
