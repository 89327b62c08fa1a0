"""Flashing, serial port, and that each injected fault ends in the right error."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.bench import LeasedBoard, Unit, open_board
from harness.bench.programmer import load_segments
from harness.errors import FlashError, InputError, LinkError, ProbeError
from tests.virtual.program import KINDS, Console, build_program


@pytest.mark.parametrize("kind", KINDS)
def test_flash_and_read_back(kind: str) -> None:
    program = build_program(kind)
    ((address, content),) = load_segments(program)
    with open_board(f"virtual:{kind}") as board:
        assert board.virtual and board.kind.name == kind and board.baud == 115200
        first = board.flash(program)
        assert first.image_bytes == len(content)
        assert first.programmed_bytes >= len(content)
        stored = board.session().target.read_memory_block8(address, len(content))
        assert bytes(stored) == content
        again = board.flash(program)
        assert again.programmed_bytes == 0  # the pages are right already
        with Console(board) as console:
            assert console.ask("ok\n") == "ok"


def test_two_virtual_boards_of_a_kind_at_once() -> None:
    with open_board("virtual:nrf51-dk") as first, open_board("virtual:nrf51-dk") as second:
        assert first.probe_uid != second.probe_uid and first.port_path != second.port_path
        first.flash(build_program("nrf51-dk"))
        with Console(first) as console:
            assert console.ask("ok\n") == "ok"
        assert "locked up" in (second.fault() or "")


def test_blank_board_says_why_it_is_silent() -> None:
    with open_board("virtual:nrf51-dk") as board:
        assert "locked up" in (board.fault() or "")


def test_probe_that_opens_at_the_third_try() -> None:
    with open_board("virtual:nrf51-dk?probe_busy=2") as board:
        board.flash(build_program("nrf51-dk"))


def test_probe_that_refuses() -> None:
    with (
        open_board("virtual:nrf51-dk?probe_busy=9") as board,
        pytest.raises(
            ProbeError, match=r"virtual:nrf51-dk\?probe_busy=9: connecting to the probe failed: .*refuses"
        ),
    ):
        board.flash(build_program("nrf51-dk"))


def test_worn_flash_fails_to_verify() -> None:
    program = build_program("nrf51-dk")
    ((_, content),) = load_segments(program)
    # A word whose lowest bit is 1, which the injected fault keeps at 0.
    address = next(at for at in range(0, len(content), 4) if content[at] & 1)
    with (
        open_board(f"virtual:nrf51-dk?stuck={address}") as board,
        pytest.raises(FlashError, match=f"verifying the flash failed: 0x{address:08X} holds"),
    ):
        board.flash(program)


def test_board_that_dies_is_a_probe_error() -> None:
    with open_board("virtual:nrf51-dk") as board:
        board.flash(build_program("nrf51-dk"))
        assert board._process is not None
        board._process._process.kill()
        board._process._process.wait()
        with pytest.raises(ProbeError, match="virtual:nrf51-dk: resetting failed"):
            board.reset()


def real_board(port: str) -> Unit:
    return Unit(name="desk", kind="nrf51-dk", probe="no-such-probe", port=port)


def test_probe_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr("harness.bench.recovery.PROBE_WAIT_S", 0.1)
    with (
        open_board(real_board("/dev/null")) as board,
        pytest.raises(ProbeError, match="desk: no probe with the id 'no-such-probe'"),
    ):
        board.reset()


def test_port_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_RUNTIME_DIR", str(tmp_path))
    with (
        open_board(real_board("/dev/no-such-port")) as board,
        pytest.raises(LinkError, match="desk: cannot open the serial port /dev/no-such-port"),
    ):
        board.open_serial()


def test_port_in_use() -> None:
    with (
        open_board("virtual:nrf51-dk") as board,
        board.open_serial(),
        pytest.raises(LinkError, match="cannot open"),
    ):
        board.open_serial()


@dataclass
class _Image:
    kind: str
    elf_path: Path


def test_image_for_another_kind() -> None:
    image = _Image("nrf52840-dk", build_program("nrf52840-dk"))
    with open_board("virtual:nrf51-dk") as board:
        _refuses(board, image, "the image is for nrf52840-dk and virtual:nrf51-dk is a nrf51-dk")


def test_files_that_are_no_program(tmp_path: Path) -> None:
    (tmp_path / "text.elf").write_text("no program")
    with open_board("virtual:nrf51-dk") as board:
        _refuses(board, tmp_path / "text.elf", "text.elf is not an ELF file")
        _refuses(board, tmp_path / "absent.elf", "cannot read .*absent.elf")


def _refuses(board: LeasedBoard, image: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        board.flash(image)  # type: ignore[arg-type]
