"""A virtual board that runs the small model, shared by the tests of this folder."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import serial

from harness.bench import LeasedBoard, open_board
from harness.config.kinds import load_kind
from harness.dut import Dut
from harness.firmware import Image, build_image
from harness.measure import start_image


@dataclass
class Running:
    """A board that runs an image: the raw port and the client on it."""

    board: LeasedBoard
    image: Image
    port: serial.Serial
    dut: Dut

    def ask(self, command: str) -> list[str]:
        """Lines of the answer to raw text, `m-ready` last."""
        self.port.write(command.encode())
        lines = []
        while not lines or lines[-1] != "m-ready":
            line = self.port.read_until(b"\n").decode()
            assert line.endswith("\r\n"), f"no whole line within the timeout after {lines}"
            lines.append(line.strip())
        return lines


@pytest.fixture(scope="module", params=["nrf51-dk", "nrf52840-dk"])
def running(request, small_model, tmp_path_factory) -> Iterator[Running]:
    """The small model on each virtual board."""
    folder = tmp_path_factory.mktemp("build")
    image = build_image(small_model, load_kind(request.param), folder)
    with open_board(f"virtual:{request.param}") as board:
        board.flash(image)
        with board.open_serial() as port:
            dut = start_image(board, image, port)
            port.timeout = 5.0
            yield Running(board, image, port, dut)
