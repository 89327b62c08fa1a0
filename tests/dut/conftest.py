"""A scripted device and a client on it."""

from collections.abc import Iterator

import pytest

from harness.dut import Dut
from tests.dut.scripted import ScriptedDut


@pytest.fixture
def scripted() -> Iterator[ScriptedDut]:
    device = ScriptedDut()
    yield device
    device.close()


@pytest.fixture
def dut(scripted: ScriptedDut) -> Iterator[Dut]:
    with scripted.open() as port:
        yield Dut(port, "desk-1", allowance_s=0.4)
