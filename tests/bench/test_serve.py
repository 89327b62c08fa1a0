"""Standing virtual boards: other people's debuggers work against them, and they end in order."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import serial
from click.testing import CliRunner

from harness.bench import load_bench, open_board, resolve
from harness.bench.programmer import load_segments
from harness.bench.serve import ServedBoard, serve_board
from harness.cli.main import cli
from harness.config.kinds import load_kind
from harness.errors import InputError
from tests.virtual.program import KINDS, address_of, build_program, eventually
from tests.virtual.rsp import Gdb

PYOCD = [sys.executable, "-m", "pyocd"]
RAM = 0x2000_0800


@contextmanager
def talking(port: str) -> Iterator[serial.Serial]:
    with serial.Serial(port, 115200, timeout=3) as line:
        yield line


@pytest.fixture(scope="module", params=KINDS)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBoard]:
    """A board with the test program, its gdb server on a free port."""
    link = tmp_path_factory.mktemp("served") / "board"
    unit = resolve(f"virtual:{request.param}")
    with serve_board(unit, image=build_program(request.param), pty=link, gdb_port=0) as board:
        assert board.port == str(link)
        yield board


def test_gdb_halts_steps_and_reads(served: ServedBoard) -> None:
    program = build_program(served.kind)
    ((origin, content),) = load_segments(program)
    assert served.gdb_port is not None
    with Gdb(served.gdb_port) as gdb:
        assert gdb.ask("?").startswith("T")
        assert gdb.memory(origin, 64) == content[:64]
        assert gdb.ask(f"M{RAM:x},4:01020304") == "OK"
        assert gdb.memory(RAM, 4) == b"\x01\x02\x03\x04"
        before = gdb.register(15)
        assert origin < before < origin + len(content)
        pcs = set()
        for _ in range(4):
            assert gdb.ask("s").startswith("T05")
            pcs.add(gdb.register(15))
        assert pcs - {before}
        assert gdb.ask("D") == "OK"


def test_gdb_stops_at_a_breakpoint(served: ServedBoard) -> None:
    at = address_of(build_program(served.kind), "timed_spin")
    assert served.gdb_port is not None
    with Gdb(served.gdb_port) as gdb, talking(served.port) as line:
        assert gdb.ask(f"Z1,{at:x},2") == "OK"
        gdb.send("c")
        line.write(b"1")
        assert gdb.reply().startswith("T05")
        assert gdb.register(15) == at and gdb.register(0) == 1000
        assert gdb.ask(f"z1,{at:x},2") == "OK"
        gdb.send("c")
        assert int(line.readline(), 16) > 1000
        gdb.interrupt()
        assert gdb.reply().startswith("T0")
        assert gdb.ask("D") == "OK"


def test_pyocd_s_own_commands(tmp_path: Path) -> None:
    program = build_program("nrf52840-dk")
    ((origin, content),) = load_segments(program)
    with serve_board(resolve("virtual:nrf52840-dk"), image=program) as board:
        commander = [*PYOCD, "commander", "-u", board.probe, "-t", board.pyocd_target]
        script = f"halt; reg pc; read32 {origin} 4; write32 {RAM} 0x1234; read32 {RAM} 4; step; continue"
        done = subprocess.run(
            [*commander, *(part for line in script.split(";") for part in ("-c", line.strip()))],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert f"{int.from_bytes(content[:4], 'little'):08x}" in done.stdout and "00001234" in done.stdout
        with talking(board.port) as line:
            line.write(b"Hello\n")
            assert line.readline() == b"Hello\n"
        # Its gdb server as a program of its own.
        server = subprocess.Popen(
            [
                *PYOCD,
                "gdbserver",
                "-u",
                board.probe,
                "-t",
                board.pyocd_target,
                "-p",
                "0",
                "-T",
                "0",
                "-M",
                "attach",
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert server.stderr is not None
        try:
            port = next(
                int(said.split("port ")[1].split()[0])
                for said in server.stderr
                if "GDB server listening" in said
            )
            with Gdb(port) as gdb:
                assert gdb.memory(origin, 16) == content[:16]
        finally:
            server.terminate()
            server.wait()
            server.stderr.close()


@contextmanager
def command(*arguments: str) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "boards", "serve", *arguments, "--json", "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    try:
        text = ""
        while not text.endswith("}\n"):
            line = process.stdout.readline()
            assert line, process.stderr.read()
            text += line
        yield process, json.loads(text)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def test_command_ends_cleanly_and_a_bench_file_names_its_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "board"
    with command("nrf51-dk", "--pty", str(link), "--unique-id", "shelf-1", "--pace", "max") as (
        process,
        told,
    ):
        assert (told["probe"], told["port"], told["kind"]) == ("shelf-1", str(link), "nrf51-dk")
        with serial.Serial(told["meter"].removeprefix("lpm01a:"), timeout=3) as meter:
            meter.write(b"htc\n")
            assert b"ack htc" in meter.readline() + meter.readline()
        bench = tmp_path / "bench.toml"
        monkeypatch.setenv("HARNESS_BENCH_FILE", str(bench))
        row = f'[shelf]\nkind = "nrf51-dk"\nprobe = "shelf-1"\nport = "{link}"\n'
        bench.write_text(row)
        # An emulated board must not pass for silicon.
        with open_board("shelf") as board, pytest.raises(InputError, match="write virtual = true"):
            board.reset()
        bench.write_text(row + "virtual = true\n")
        assert load_bench()["shelf"].virtual
        with open_board("shelf") as board, talking(board.port_path) as line:
            board.flash(build_program("nrf51-dk"))
            assert line.readline() == b"hello\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    assert not os.path.lexists(link)


def test_killed_command_leaves_nothing(tmp_path: Path) -> None:
    link = tmp_path / "board"
    with command("nrf51-dk", "--pty", str(link)):
        assert link.exists()
    assert eventually(lambda: not os.path.lexists(link))


def test_link_of_a_board_that_is_gone_is_made_anew_but_no_file_is(tmp_path: Path) -> None:
    link = tmp_path / "board"
    link.symlink_to("/dev/pts/gone")
    with serve_board(resolve("virtual:nrf51-dk"), pty=link) as board:
        assert os.path.exists(board.port)
    link.write_text("mine")
    done = CliRunner().invoke(cli, ["boards", "serve", "nrf51-dk", "--pty", str(link)])
    assert done.exit_code == 4 and "cannot make the link" in done.output and link.read_text() == "mine"


def test_port_that_is_taken(served: ServedBoard) -> None:
    assert served.gdb_port is not None
    with (
        pytest.raises(InputError, match=f"cannot listen on TCP port {served.gdb_port}"),
        serve_board(resolve("virtual:nrf51-dk"), gdb_port=served.gdb_port),
    ):
        pass


# A board that a busy computer has held up may make good for as much.
CATCH_UP_S = 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_clock_keeps_to_the_wall_s(kind: str) -> None:
    clock_hz = load_kind(kind).clock_hz
    unit = resolve(f"virtual:{kind}")
    with serve_board(unit, image=build_program(kind)) as board, talking(board.port) as line:
        text = b"H" * 600 + b"\n"
        start = time.monotonic()
        line.write(text)
        assert line.readline() == text
        # 601 bytes of ten bits at 115200 baud.
        assert 0.052 - CATCH_UP_S < time.monotonic() - start < 0.5
        start = time.monotonic()
        line.write(b"3")
        ticks = int(line.readline(), 16)
        wall_s = time.monotonic() - start
        assert ticks / clock_hz > 0.2
        assert ticks / clock_hz - CATCH_UP_S <= wall_s < ticks / clock_hz + 0.3
    with serve_board(unit, image=build_program(kind), pace="max") as board, talking(board.port) as line:
        line.write(b"3")
        assert int(line.readline(), 16) == pytest.approx(ticks, rel=1e-4)
