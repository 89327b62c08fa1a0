"""Ways into the device on a scripted one: what is sent, what is noticed, what is sent again."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from harness.dut import Dut
from harness.errors import InputError, LinkError, ProbeError
from harness.firmware import TensorSpec
from harness.firmware.wire import to_wire
from harness.measure import SerialLoader, StrictLoader, SwdLoader, make_loader
from tests.dut.scripted import ScriptedDut

SAMPLE = bytes(range(200))
ADDRESS = 0x2000_0100


@pytest.fixture
def device() -> Iterator[ScriptedDut]:
    scripted = ScriptedDut()
    yield scripted
    scripted.close()


@pytest.fixture
def dut(device: ScriptedDut) -> Iterator[Dut]:
    with device.open() as port:
        yield Dut(port, "desk-1", allowance_s=0.4)


class Probe:
    """Writes into the scripted device's buffer; the first `damaged` writes go wrong."""

    def __init__(self, device: ScriptedDut, damaged: int = 0) -> None:
        self.device, self.damaged = device, damaged

    def write_memory(self, address: int, data: bytes) -> None:
        assert address == ADDRESS
        self.device.buffer = data[:-1] + b"?" if self.damaged > 0 else data
        self.damaged -= 1


def test_by_debug_port(device: ScriptedDut, dut: Dut) -> None:
    loader = SwdLoader(dut, Probe(device), ADDRESS)
    assert loader.ask(SAMPLE).tobytes() == bytes.fromhex("80ff007f")
    assert device.commands == ["x-sample run"]
    loader.load(SAMPLE)
    assert device.commands[1:] == ["x-sample"]
    assert loader.retries == 0


def test_damaged_samples_are_sent_again_and_counted(device: ScriptedDut, dut: Dut) -> None:
    loader = SwdLoader(dut, Probe(device, damaged=2), ADDRESS)
    loader.ask(SAMPLE)
    assert loader.retries == 2
    with pytest.raises(LinkError, match="damaged 3 times"):
        SwdLoader(dut, Probe(device, damaged=3), ADDRESS).load(SAMPLE)


def test_by_serial_in_chunks_as_long_as_the_firmware_takes(device: ScriptedDut, dut: Dut) -> None:
    SerialLoader(dut).load(SAMPLE)
    assert max(map(len, device.commands)) == 3 + 2 * 38, "protocol 1 says nothing of longer ones"
    device.commands.clear()
    device.override["x-info"] = ["m-x-info-[kind=k,model=0,mode=performance,protocol=2,build=1]"]
    dut.info()
    SerialLoader(dut).load(SAMPLE)
    assert device.commands == ["x-info", "db load 200", f"db {SAMPLE.hex()}", "x-sample"]


def test_an_answer_that_lost_values_is_asked_for_again(device: ScriptedDut, dut: Dut) -> None:
    with pytest.raises(LinkError, match="damaged 3 times"):
        SwdLoader(dut, Probe(device), ADDRESS, outputs=5).ask(SAMPLE)
    with pytest.raises(LinkError, match="damaged 3 times"):
        StrictLoader(dut, outputs=3).ask(SAMPLE)


def test_pixels_travel_unsigned(device: ScriptedDut, dut: Dut) -> None:
    tensor = TensorSpec("in", (2, 2), 1.0, -128)
    StrictLoader(dut, lambda sample: to_wire(sample, "ic01", tensor)).load(b"\x80\xff\x00\x7f")
    assert device.buffer == b"\x00\x7f\x80\xff"


def test_to_the_letter(device: ScriptedDut, dut: Dut) -> None:
    assert StrictLoader(dut).ask(SAMPLE).tolist() == [0.0, 0.25, 0.75, 0.0]
    assert max(map(len, device.commands)) == 3 + 2 * 31
    assert not [command for command in device.commands if command.startswith("x-")]


def test_a_lost_byte_is_noticed_and_the_sample_sent_again(device: ScriptedDut, dut: Dut) -> None:
    device.override[f"db {SAMPLE[:38].hex()}"] = ["e-[Not whole bytes in hexadecimal digits: ignored]"]
    loader = SerialLoader(dut)

    def heal(direction: str, text: str) -> None:
        if text == "name":
            device.override.clear()

    dut._exchange._link.trace = heal
    loader.ask(SAMPLE)
    assert loader.retries + dut.retries == 1
    assert device.buffer == SAMPLE


def test_the_fastest_way_that_works_is_taken(
    device: ScriptedDut, dut: Dut, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = SimpleNamespace(
        elf_path="image.elf",
        model_id="custom",
        input=SimpleNamespace(size_bytes=4),
        output=SimpleNamespace(size_bytes=4),
    )
    monkeypatch.setattr("harness.measure.loading.pointer_value", lambda path, name: ADDRESS)
    assert make_loader(dut, Probe(device), image).name == "swd"

    class NoProbe:
        name = "desk-1"

        def write_memory(self, address: int, data: bytes) -> None:
            raise ProbeError("desk-1", "cannot write while the core runs")

    assert make_loader(dut, NoProbe(), image).name == "serial"
    assert make_loader(dut, Probe(device), image, "serial-strict").name == "serial-strict"
    with pytest.raises(ProbeError):
        make_loader(dut, NoProbe(), image, "swd")
    with pytest.raises(InputError, match="unknown way of loading 'jtag'"):
        make_loader(dut, NoProbe(), image, "jtag")
