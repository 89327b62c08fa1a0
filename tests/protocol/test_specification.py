"""The protocol's table, line by line, on both virtual boards: each command, its reply in order, its limits."""

import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.bench import LeasedBoard
from tests.protocol.line import Line

SIZE = 490
BOOT_S = 5.0
DETECT_S = 2.0


def load(line: Line, payload: bytes, chunk: int = 31) -> None:
    assert line.ask(f"db load {len(payload)}") == [f"m-[Expecting {len(payload)} bytes]"]
    for start in range(0, len(payload), chunk):
        last = start + chunk >= len(payload)
        assert line.ask(f"db {payload[start : start + chunk].hex()}") == (["m-load-done"] if last else [])


def stamps(lines: list[str]) -> list[int]:
    return [int(text.removeprefix("m-lap-us-")) for text in lines if text.startswith("m-lap-us-")]


def test_boot_announces_itself_in_order_and_in_time(board: LeasedBoard) -> None:
    with board.open_serial() as port:
        line = Line(port)
        start = time.monotonic()
        board.reset()
        heard = [one.text for one in line.until_ready()]
        assert time.monotonic() - start < BOOT_S
        assert heard[0] == "m-timestamp-mode-performance"
        assert re.fullmatch(r"m-lap-us-\d+", heard[1])
        assert heard[2:] == ["m-init-done", "m-ready"]
        assert line.is_silent()


def test_name_is_answered_before_anything_else_is_asked(line: Line) -> None:
    start = time.monotonic()
    (name,) = line.ask("name")
    assert time.monotonic() - start < DETECT_S
    # How the runners read it: not empty, and no closing bracket within.
    assert re.match(r"^m-(name)-dut-\[([^]]+)]$", name)


def test_profile_names_the_protocol_and_the_model(line: Line) -> None:
    assert line.ask("profile") == ["m-profile-[ULPMark for tinyML Firmware V0.0.1]", "m-model-[kws01]"]


def test_timestamp_counts_microseconds(line: Line) -> None:
    first, second = (stamps(line.ask("timestamp")) for _ in range(2))
    assert len(first) == len(second) == 1
    assert 0 < second[0] - first[0] < 1_000_000


def test_help_is_free_text(line: Line) -> None:
    text = line.ask("help")
    assert text
    assert not [said for said in text if said.startswith(("m-", "e-"))]


def test_db_takes_every_byte_in_either_case_and_prints_it_back(line: Line) -> None:
    payload = bytes(range(256)) + bytes(reversed(range(SIZE - 256)))[:SIZE]
    payload = payload[:SIZE].ljust(SIZE, b"\xa5")
    line.ask(f"db load {SIZE}")
    for start in range(0, SIZE, 31):
        text = payload[start : start + 31].hex()
        line.ask("db " + (text.upper() if start % 2 else text))
    printed = line.ask("db print")
    assert [len(text.split("-")) for text in printed[:-1]] == [2 + 8] * (len(printed) - 1)
    assert (
        bytes.fromhex("".join(text.removeprefix("m-buffer-").replace("-", "") for text in printed)) == payload
    )


@pytest.mark.parametrize("chunk", [1, 26, 30, 31, 38])
def test_db_takes_the_runners_chunks(line: Line, chunk: int) -> None:
    # 26 behind a power manager, 30 in 64 bytes, 31 by MLCommons' runner, 38 in 80 characters
    load(line, bytes(7 * i % 256 for i in range(SIZE if chunk > 1 else 12)), chunk)


def test_bytes_after_the_last_change_nothing(line: Line) -> None:
    line.ask("db load 3")
    assert line.ask("db 010203ffff") == ["m-load-done"]
    assert line.ask("db ffff") == []
    assert line.ask("db print 3") == ["m-buffer-01-02-03"]


def test_a_load_begun_anew_starts_from_the_first_byte(line: Line) -> None:
    line.ask("db load 4")
    line.ask("db ffff")
    load(line, b"\x01\x02\x03\x04")
    assert line.ask("db print 4") == ["m-buffer-01-02-03-04"]


@pytest.mark.parametrize("count", ["0", "-1", "491", "99999", "4294967297", "x", ""])
def test_a_load_that_cannot_be_is_refused_and_forgotten(line: Line, count: str) -> None:
    line.ask("db load 2")
    (error,) = line.ask(f"db load {count}".strip())
    assert error.startswith("e-[")
    assert line.ask("db 0a0b") == ["m-load-done"]


def test_infer_answers_in_order(line: Line) -> None:
    load(line, bytes(SIZE))
    lines = line.ask("infer 3 2")
    assert [re.sub(r"us-\d+|\[.*]", "", text) for text in lines] == [
        "m-warmup-start-2",
        "m-warmup-done",
        "m-infer-start-3",
        "m-lap-",
        "m-lap-",
        "m-infer-done",
        "m-results-",
    ]
    values = lines[-1].removeprefix("m-results-[").removesuffix("]").split(",")
    assert len(values) == 12
    assert all(re.fullmatch(r"0\.\d{3}|1\.000", value) for value in values)
    assert line.ask("results") == lines[-1:]


@pytest.mark.parametrize(
    ("command", "iterations", "warmup"), [("infer", 1, 10), ("infer 2", 2, 10), ("infer 1 0", 1, 0)]
)
def test_infer_has_the_reference_s_defaults(line: Line, command: str, iterations: int, warmup: int) -> None:
    lines = line.ask(command)
    assert lines[0] == f"m-warmup-start-{warmup}"
    assert lines[2] == f"m-infer-start-{iterations}"


@pytest.mark.parametrize("arguments", ["0", "-3", "0 0", "x"])
def test_infer_needs_iterations(line: Line, arguments: str) -> None:
    assert line.ask(f"infer {arguments}") == ["e-[Inference iterations must be >0]"]


def test_warm_up_is_not_negative(line: Line) -> None:
    (error,) = line.ask("infer 1 -1")
    assert error.startswith("e-[")


def test_stamps_are_in_order_and_grow_with_the_iterations(line: Line) -> None:
    load(line, bytes(SIZE))
    before = stamps(line.ask("timestamp"))[0]
    one = stamps(line.ask("infer 1 1"))
    ten = stamps(line.ask("infer 10 1"))
    after = stamps(line.ask("timestamp"))[0]
    assert before < one[0] < one[1] < ten[0] < ten[1] < after
    # To the resolution of the clock, a call's cost, and what printing drove out of the flash's cache: 15 us a window of
    # one inference, which count tenfold here.
    assert ten[1] - ten[0] == pytest.approx(10 * (one[1] - one[0]), rel=0.02, abs=10 * 21)


def test_warm_up_and_printing_are_outside_the_window(line: Line) -> None:
    load(line, bytes(SIZE))
    short, long = (stamps(line.ask(f"infer 5 {warmup}")) for warmup in (0, 40))
    # A warm-up within the window would add 500 us. What lies in the flash's cache as it begins differs by 21 us.
    assert long[1] - long[0] == pytest.approx(short[1] - short[0], abs=40)


def test_the_same_sample_gives_the_same_results_however_often(line: Line) -> None:
    load(line, bytes(i * 5 % 256 for i in range(SIZE)))
    once, often, again = (
        line.ask(f"infer {times} {warmup}")[-1] for times, warmup in ((1, 0), (4, 3), (1, 0))
    )
    assert once == often == again


@pytest.mark.parametrize("command", ["nonsense", "NAME", "Infer 1 0", "names", "nam", "m-ready", "dut name"])
def test_an_unknown_command_is_named(line: Line, command: str) -> None:
    assert line.ask(command) == [f"e-[Unknown command: {command.split()[0]}]"]


@pytest.mark.parametrize("command", [b"", b" ", b"   ", b"\r\n", b"\x00"])
def test_a_lone_terminator_is_only_ready(line: Line, command: bytes) -> None:
    assert line.ask(command) == []


@pytest.mark.parametrize("command", [b"\r\nname", b"name\r\n", b"na\nme", b"  name", b"name  "])
def test_line_ends_and_spaces_around_a_command_do_no_harm(line: Line, command: bytes) -> None:
    assert line.ask(command)[0].startswith("m-name-dut-[")


@pytest.mark.parametrize("length", [80, 81, 82, 200, 1028])
def test_the_command_buffer_has_80_characters(line: Line, length: int) -> None:
    (error,) = line.ask("z" * length)
    assert error == (
        f"e-[Unknown command: {'z' * 80}]" if length == 80 else "e-[Command longer than 80 characters]"
    )
    assert line.ask("name")[0].startswith("m-name-dut-[")


def test_a_long_command_is_never_run_cut(line: Line) -> None:
    (error,) = line.ask("infer 1 0".ljust(81))
    assert error.startswith("e-[Command longer")


def test_nothing_is_said_unasked_or_before_the_terminator(line: Line) -> None:
    assert line.is_silent()
    line.send(b"na")
    assert line.is_silent()
    line.send(b"me")
    assert line.is_silent()
    line.send(b"%")
    assert line.until_ready()[0].text.startswith("m-name-dut-[")
    assert line.is_silent()


def test_a_byte_at_a_time_is_a_command_too(line: Line) -> None:
    for byte in b"profile%":
        line.send(bytes([byte]))
        time.sleep(0.005)
    assert [heard.text for heard in line.until_ready()][1] == "m-model-[kws01]"


def test_a_reset_in_the_middle_of_a_command_forgets_it(line: Line, board: LeasedBoard) -> None:
    line.send(b"db 0102")
    assert line.is_silent()
    board.reset()
    line.until_ready()
    assert line.ask("name")[0].startswith("m-name-dut-[")


def test_the_port_may_be_closed_and_opened_again(board: LeasedBoard) -> None:
    for _ in range(3):
        with board.open_serial() as port:
            assert Line(port).ask("name")[0].startswith("m-name-dut-[")


def test_every_line_comes_in_time(line: Line) -> None:
    load(line, bytes(SIZE))
    for command in ("name", "profile", "timestamp", "help", "results", "db print", "infer 1 0", "what"):
        line.send(command.encode() + b"%")
        assert max(heard.after_s for heard in line.until_ready()) < DETECT_S


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=120).map(lambda data: data.replace(b"%", b"")))
def test_any_bytes_get_one_answer_and_leave_the_device_well(line: Line, junk: bytes) -> None:
    if re.match(rb"\s*infer", junk):
        return  # may be asked to run for hours
    line.ask(junk)
    assert line.is_silent(0.01)
    assert line.ask("name")[0].startswith("m-name-dut-[")
