"""The debug port at the level of SWD transactions, and the encoding that carries them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.virtual import wire
from harness.virtual.debug_port import DebugPort, SwdFaultError
from harness.virtual.memory import Bus, Ram

CSW, TAR, DRW, IDR_BANK = 0x0, 0x4, 0xC, 0xF0
WORD_INCREMENT, BYTE_INCREMENT = 0x12, 0x10
RAM = 0x20000000


@pytest.fixture
def ram() -> Ram:
    return Ram(RAM, 0x4000)


def make_port(core: str, ram: Ram) -> DebugPort:
    bus = Bus((ram,), (), (), (), lambda address, size, value: value)
    return DebugPort(core, bus, core == "cortex-m4", lambda: ram.write(RAM, b"\xff" * 4))


def write(port: DebugPort, address: int, csw: int, *words: int) -> None:
    port.write_ap(CSW, (csw,))
    port.write_ap(TAR, (address,))
    port.write_ap(DRW, words)


def test_words_move_through_memory(ram: Ram) -> None:
    port = make_port("cortex-m0", ram)
    write(port, RAM + 8, WORD_INCREMENT, 1, 2, 3)
    assert ram.read(RAM + 8, 12) == bytes([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0])
    port.write_ap(TAR, (RAM + 12,))
    assert port.read_ap(DRW, 2) == [2, 3]


def test_bytes_use_their_lanes(ram: Ram) -> None:
    port = make_port("cortex-m0", ram)
    write(port, RAM + 1, BYTE_INCREMENT, 0x0000AA00, 0x00BB0000, 0xCC000000)
    assert ram.read(RAM, 4) == b"\x00\xaa\xbb\xcc"
    port.write_ap(TAR, (RAM + 2,))
    assert port.read_ap(DRW, 1) == [0x00BB0000]


@pytest.mark.parametrize(("core", "wrap"), [("cortex-m0", 0x400), ("cortex-m4", 0x1000)])
def test_increment_wraps(core: str, wrap: int, ram: Ram) -> None:
    write(make_port(core, ram), RAM + wrap - 4, WORD_INCREMENT, 7, 8)
    assert ram.read(RAM + wrap - 4, 8) == bytes([7, 0, 0, 0, 0, 0, 0, 0])
    assert ram.read(RAM, 1) == b"\x08"


def test_error_is_sticky_until_cleared(ram: Ram) -> None:
    port = make_port("cortex-m0", ram)
    with pytest.raises(SwdFaultError):
        write(port, 0x30000000, WORD_INCREMENT, 1)
    assert port.read_dp(0x4) & 0x20
    with pytest.raises(SwdFaultError):
        port.write_ap(TAR, (RAM,))
    port.write_dp(0x0, 0x1E)
    assert not port.read_dp(0x4) & 0x20
    port.write_ap(TAR, (RAM,))


def test_power_up_is_acknowledged(ram: Ram) -> None:
    port = make_port("cortex-m0", ram)
    port.write_dp(0x4, 0x50000000)
    assert port.read_dp(0x4) & 0xF0000000 == 0xF0000000


def test_control_port_is_on_nrf52_only(ram: Ram) -> None:
    for core, expected in (("cortex-m0", 0), ("cortex-m4", 0x02880000)):
        port = make_port(core, ram)
        port.write_dp(0x8, 1 << 24 | IDR_BANK)
        assert port.read_ap(0xC, 1) == [expected]
    port.write_dp(0x8, 1 << 24)
    port.write_ap(0x4, (1,))
    assert ram.read(RAM, 4) == b"\xff" * 4


words = st.integers(0, 0xFFFFFFFF)
reads = st.builds(
    wire.Operation,
    st.sampled_from([wire.READ_DP, wire.READ_AP]),
    st.sampled_from([0, 4, 8, 12]),
    st.integers(0, 2000),
)
writes = st.builds(
    lambda code, register, data: wire.Operation(code, register, len(data), tuple(data)),
    st.sampled_from([wire.WRITE_DP, wire.WRITE_AP]), st.sampled_from([0, 4, 8, 12]), st.lists(words, max_size=20),
)  # fmt: skip


@given(st.lists(reads | writes, max_size=10))
def test_batches_survive_the_wire(operations: list[wire.Operation]) -> None:
    assert list(wire.decode(b"".join(map(wire.encode, operations)))) == operations


@given(st.integers(0, 2), st.lists(words, max_size=50))
def test_replies_survive_the_wire(status: int, data: list[int]) -> None:
    assert wire.decode_reply(wire.encode_reply(status, data)) == (status, tuple(data))
