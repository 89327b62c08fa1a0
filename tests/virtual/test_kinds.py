"""Every kind with a virtual twin: all of its flash is programmed by pyOCD, and its image computes what the host does."""

from pathlib import Path

import numpy as np
import pytest

import harness
from harness.bench import open_board
from harness.bench.programmer import program, verify
from harness.config.kinds import kind_names, load_kind, read_kind
from harness.errors import InputError
from harness.firmware import build_image
from harness.firmware.host import HostModel
from harness.measure import PerformanceRules, make_loader, measure_accuracy, start_image

BOARDS = Path(__file__).parents[2] / "boards"
# The others' images are run by the end-to-end tests and in QEMU.
COMPUTING = ("microbit-v2", "b-l475e-iot01a", "nucleo-l4r5zi")
KINDS = [name for name in kind_names() if load_kind(name).virtual]


@pytest.mark.parametrize("name", COMPUTING)
def test_image_computes_what_the_host_computes(name: str, small_model: Path, tmp_path: Path) -> None:
    kind = load_kind(name)
    image = build_image(small_model, kind, tmp_path)
    samples = np.random.default_rng(9).integers(-128, 128, (3, *image.input.shape[1:])).astype(np.int8)
    with open_board(f"virtual:{name}") as board:
        board.flash(image)
        with board.open_serial() as port:
            dut = start_image(board, image, port)
            loader = make_loader(dut, board, image)
            got = measure_accuracy(loader, ["0", "1", "2"], samples, np.zeros(3, np.int64)).outputs
            before, after = dut.timestamp_us(), dut.timestamp_us()
    np.testing.assert_array_equal(got, HostModel(small_model, tmp_path).run(samples).reshape(got.shape))
    # Two answers lie at least the bytes of one apart, so the clock and the line run at the speed of the kind's file.
    line_us = 10e6 * len(f"m-lap-us-{before}\r\nm-ready\r\n") / kind.uart.baud
    assert line_us * 0.98 < after - before < line_us + 100_000


@pytest.mark.parametrize("name", KINDS)
def test_all_of_the_flash_is_programmed_and_only_where_it_should_be(name: str) -> None:
    kind = load_kind(name)
    flash, page = kind.flash, 4096
    places = (flash.origin, flash.origin + flash.size_bytes // 2 - page, flash.origin + flash.size_bytes // 2)
    pieces = [(place, bytes(range(256)) * 16) for place in (*places, flash.origin + flash.size_bytes - page)]
    with open_board(f"virtual:{name}") as board:
        board.check_chip()  # raises where identity or flash size are not the kind's
        session = board.session()
        program(session, board.name, pieces)
        again = [(place, data[::-1]) for place, data in pieces[1:3]]
        program(session, board.name, again)
        verify(session, board.name, [pieces[0], *again, pieces[3]])
        between = session.target.read_memory_block8(places[0] + page, 64)
        assert bytes(between) == b"\xff" * 64


@pytest.mark.parametrize(
    ("base", "line", "other", "words"),
    [
        ("microbit-v2", "tx_pin = 6", "tx_pin = 33", "uart.tx_pin 33 is none of port 0"),
        ("microbit-v2", "timestamp_pin = 2", "timestamp_pin = 6", "pin of the serial line"),
        ("microbit-v2", 'timer = "dwt"', 'timer = "timer0"', "has dwt for a cortex-m4"),
        ("b-l475e-iot01a", "tx_pin = 22", "tx_pin = 21", "USART1 on PB6 and PB7"),
        ("b-l475e-iot01a", "80_000_000", "90_000_000", "clock_hz 90000000 is not one of"),
        ("b-l475e-iot01a", 'core = "cortex-m4"', 'core = "cortex-m0"', "has nothing for a cortex-m0"),
        ("nucleo-l4r5zi", "baud = 115_200", "baud = 57_600", "uart.baud 57600 is not one of"),
    ],
)
def test_a_kind_that_its_port_cannot_do_is_refused(
    tmp_path: Path, base: str, line: str, other: str, words: str
) -> None:
    text = (BOARDS / f"{base}.toml").read_text()
    assert line in text
    (tmp_path / "k.toml").write_text(text.replace(line, other))
    with pytest.raises(InputError, match=words):
        read_kind(tmp_path / "k.toml")


def test_a_kind_of_ones_own_is_one_file(
    small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (BOARDS / "nrf52840-dk.toml").read_text()
    own = (
        text.replace('"nrf52840"', '"nrf52832"').replace("1_048_576", "524_288").replace("262_144", "65_536")
    )
    (tmp_path / "workshop-badge.toml").write_text(own.replace("tx_pin = 6", "tx_pin = 20"))
    monkeypatch.setenv("HARNESS_BOARDS_DIR", str(tmp_path))
    assert "workshop-badge" in kind_names()
    row = harness.bench(
        small_model, "virtual:workshop-badge", rules=PerformanceRules(windows=1, iterations=1),
        results_dir=tmp_path / "results",
    )  # fmt: skip
    assert (row.status, row.kind, row.wait_states) == ("ok", "workshop-badge", 2)
    (tmp_path / "nrf51-dk.toml").write_text(own)
    with pytest.raises(InputError, match="there is a kind 'nrf51-dk' already"):
        kind_names()
