"""The serial line: bytes both ways, none lost, and an idle board that sleeps."""

import os
import time

from tests.virtual.program import Console


def test_echo(console: Console) -> None:
    assert console.ask("Hello!\n") == "Hello!"


def test_long_burst_arrives_whole(console: Console) -> None:
    # Far more than the UART's six bytes of FIFO, as fast as the host can write.
    text = bytes(range(0x30, 0x3A)).replace(b"1", b"x").replace(b"2", b"y").replace(b"3", b"q") * 400
    console.port.write(text)
    got = bytearray()
    while len(got) < len(text):
        part = console.port.read(len(text) - len(got))
        assert part
        got += part
    assert bytes(got) == text


def test_idle_board_sleeps(console: Console) -> None:
    pid = console.board._process._process.pid
    before, start = _cpu_s(pid), time.monotonic()
    time.sleep(1.0)
    assert _cpu_s(pid) - before < 0.15 * (time.monotonic() - start)


def _cpu_s(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as stream:
        fields = stream.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
