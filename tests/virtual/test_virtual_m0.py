"""The board without a chip: as much memory as its kind says, and plainly marked."""

from pathlib import Path

import pytest

from harness.bench import list_boards, open_board
from harness.bench.programmer import program, verify
from harness.config.kinds import load_kind, read_kind
from harness.errors import InputError

KIND = "virtual-m0"


def test_flash_and_ram_beyond_those_of_any_nrf51() -> None:
    kind = load_kind(KIND)
    pieces = [(0x40000, bytes(range(256)) * 8), (kind.flash.size_bytes - 1024, b"\x5a" * 1024)]
    top = kind.ram.origin + kind.ram.size_bytes - 4
    with open_board(f"virtual:{KIND}") as board:
        session = board.session()
        done, _, _ = program(session, board.name, pieces)
        assert done == 3 * 1024
        verify(session, board.name, pieces)
        session.target.write_memory(top, 0x1234_5678)
        assert session.target.read_memory(top) == 0x1234_5678


def test_listed_as_no_real_chip() -> None:
    rows = {row.name: row for row in list_boards()}
    assert rows[f"virtual:{KIND}"].state == "emulated; no real chip"
    assert "no real chip" in load_kind(KIND).title
    assert rows["virtual:nrf51-dk"].state == "emulated"


@pytest.mark.parametrize(
    ("line", "other"), [("no real chip", "rare chip"), ("virtual = true", "virtual = false")]
)
def test_a_kind_without_chip_must_say_so_and_be_virtual(tmp_path: Path, line: str, other: str) -> None:
    text = (Path(__file__).parents[2] / "boards" / f"{KIND}.toml").read_text()
    assert line in text
    (tmp_path / "k.toml").write_text(text.replace(line, other))
    with pytest.raises(InputError, match="virtual_only"):
        read_kind(tmp_path / "k.toml")
