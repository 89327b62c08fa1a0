"""What a started image says of itself is checked, and a damaged byte is not taken for another image."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from harness.errors import WrongImageError
from harness.measure import start_image
from tests.dut.scripted import BOOT, ScriptedDut

INFO = "m-x-info-[kind=nrf51-dk,model=0123456789abcdef,mode=performance,protocol=1,build=fedcba9876543210]"
IMAGE: Any = SimpleNamespace(
    kind="nrf51-dk", model_sha256="0123456789abcdef" * 4, build_id="fedcba9876543210", mode="performance"
)


@pytest.fixture
def scripted() -> Iterator[ScriptedDut]:
    device = ScriptedDut()
    yield device
    device.close()


def _start(scripted: ScriptedDut) -> None:
    board: Any = SimpleNamespace(name="desk", reset=lambda: scripted.say(BOOT), fault=lambda: None)
    with scripted.open() as port:
        start_image(board, IMAGE, port)


class First(dict[str, Any]):
    """Answers each command in a way of its own, once."""

    def get(self, command: str, default: Any = None) -> Any:
        return self.pop(command, default)


def test_a_damaged_answer_is_asked_for_again(scripted: ScriptedDut) -> None:
    scripted.override = First({"x-info": [INFO.replace("dk,", "dkk,")]})
    _start(scripted)
    assert scripted.commands == ["x-info", "x-info"]


def test_another_image_says_so_twice(scripted: ScriptedDut) -> None:
    scripted.override["x-info"] = [INFO.replace("fedcba", "aaaaaa")]
    told = "desk: the running image has build aaaaaa9876543210, the flashed one fedcba9876543210"
    with pytest.raises(WrongImageError, match=told):
        _start(scripted)
    assert scripted.commands == ["x-info", "x-info"]
    scripted.override["x-info"] = ["e-[Unknown command: x-info]"]
    with pytest.raises(WrongImageError, match="the image with build fedcba9876543210 was flashed, another"):
        _start(scripted)
