"""The protocol as a stranger's runner meets it, on both virtual boards: raw text in, lines out."""

import re
import zlib

import pytest

from harness.bench.symbols import pointer_value


def test_name_profile_and_timestamp(running):
    name = running.ask("name%")
    assert re.fullmatch(r"m-name-dut-\[[^\]]+\]", name[0])
    assert running.ask("profile%") == [
        "m-profile-[ULPMark for tinyML Firmware V0.0.1]",
        "m-model-[custom]",
        "m-ready",
    ]
    first, second = (int(running.ask("timestamp%")[0].removeprefix("m-lap-us-")) for _ in range(2))
    assert second >= first


def test_a_sample_in_pieces_and_its_results(running):
    size = running.image.input.size_bytes
    payload = bytes(range(256)) * 2
    assert running.ask(f"db load {size}%") == [f"m-[Expecting {size} bytes]", "m-ready"]
    for start in range(0, size, 31):
        chunk = payload[start : min(start + 31, size)].hex().upper()
        expected = ["m-load-done", "m-ready"] if start + 31 >= size else ["m-ready"]
        assert running.ask(f"db {chunk}%") == expected
    printed = running.ask("db print 16 8%")
    assert printed[:2] == [
        "m-buffer-08-09-0a-0b-0c-0d-0e-0f",
        "m-buffer-10-11-12-13-14-15-16-17",
    ]
    lines = running.ask("infer 2 1%")
    assert [line for line in lines if not line.startswith(("m-lap", "m-results"))] == [
        "m-warmup-start-1",
        "m-warmup-done",
        "m-infer-start-2",
        "m-infer-done",
        "m-ready",
    ]
    laps = [int(line.removeprefix("m-lap-us-")) for line in lines if line.startswith("m-lap")]
    assert len(laps) == 2
    assert laps[1] > laps[0]
    results = next(line for line in lines if line.startswith("m-results"))
    assert re.fullmatch(r"m-results-\[\d\.\d{3}(,\d\.\d{3}){4}\]", results)
    assert running.ask("results%") == [results, "m-ready"]


def test_infer_is_the_same_however_often_it_runs(running):
    running.dut.load(b"\x05" * running.image.input.size_bytes)
    running.dut.infer(1, 0)
    once = running.dut.output()
    running.dut.infer(3, 2)
    assert running.dut.output() == once


def test_an_empty_command_is_no_crash(running):
    assert running.ask("%") == ["m-ready"]
    assert running.ask("   %") == ["m-ready"]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("nonsense%", "e-[Unknown command: nonsense]"),
        ("Name%", "e-[Unknown command: Name]"),
        ("infer 0 0%", "e-[Inference iterations must be >0]"),
        ("infer 1 -1%", "e-[Inference warmup must be >=0]"),
        ("infer x%", "e-[Inference iterations must be >0]"),
        ("infer 99999999999%", "e-[Inference iterations must be >0]"),
        ("db abc%", "e-[Not whole bytes in hexadecimal digits: ignored]"),
        ("db xy%", "e-[Not whole bytes in hexadecimal digits: ignored]"),
        ("db 01xy%", "e-[Not whole bytes in hexadecimal digits: ignored]"),
        ("db load 0%", "e-[db load takes 1 to 297 bytes]"),
        ("db load 298%", "e-[db load takes 1 to 297 bytes]"),
        ("db print 8 295%", "e-[Outside the buffer]"),
        ("db%", "e-[db needs load N, print or hex digits]"),
    ],
)
def test_wrong_commands_get_an_error_line(running, command, answer):
    assert running.ask(command) == [answer, "m-ready"]


def test_a_refused_load_does_not_move_the_buffer_s_end(running):
    running.ask("db load 4%")
    running.ask("db load 5000%")
    assert running.ask("db 01020304%") == ["m-load-done", "m-ready"]


def test_bytes_after_the_last_are_ignored(running):
    running.ask("db load 2%")
    assert running.ask("db 0102ffff%") == ["m-load-done", "m-ready"]
    assert running.ask("db ffff%") == ["m-ready"]
    assert running.ask("db print 4%")[0].startswith("m-buffer-01-02-")


def test_a_command_of_80_characters_is_taken_and_longer_ones_refused(running):
    running.ask("db load 38%")
    assert running.ask("db " + "00" * 38 + " %") == ["m-load-done", "m-ready"]
    for length in (81, 300, 5000):
        assert running.ask("a" * length + "%") == ["e-[Command longer than 80 characters]", "m-ready"]
    assert running.ask("name%")[-1] == "m-ready"


def test_data_of_any_length_is_taken_at_once(running):
    size = running.image.input.size_bytes
    payload = bytes(7 * i % 256 for i in range(size))
    running.ask(f"db load {size}%")
    assert running.ask(f"db {payload.hex()}%") == ["m-load-done", "m-ready"]
    assert running.dut.check_sample() == zlib.crc32(payload)


def test_refused_data_changes_nothing_and_can_be_sent_again(running):
    running.ask("db load 4%")
    assert running.ask("db 0102%") == ["m-ready"]
    assert running.ask("db fffff%")[0].startswith("e-[Not whole bytes")
    assert running.ask("db ffxff%")[0].startswith("e-[Not whole bytes")
    assert running.ask("db 0304%") == ["m-load-done", "m-ready"]
    assert running.ask("db print 4%")[0] == "m-buffer-01-02-03-04"


def test_a_sample_put_there_by_the_debugger_is_run(running):
    size = running.image.input.size_bytes
    address = pointer_value(running.image.elf_path, "model_input")
    for fill in (3, 250):
        sample = bytes([fill]) * size
        running.dut.load(sample)
        running.dut.infer(1, 0)
        by_serial = running.dut.output()
        running.board.write_memory(address, bytes(size))
        running.dut.run_sample()
        running.board.write_memory(address, sample)
        assert running.dut.run_sample() == (zlib.crc32(sample), by_serial)
        assert running.dut.output() == by_serial


def test_line_ends_between_commands_do_no_harm(running):
    assert running.ask("\r\nname%\n")[0].startswith("m-name-dut-")
    assert running.ask("name%")[0].startswith("m-name-dut-")


def test_help_names_every_command(running):
    text = " ".join(running.ask("help%"))
    for command in ("name", "profile", "timestamp", "db load", "infer", "results", "x-info", "x-profile"):
        assert command in text


def test_layers_add_up_to_the_whole(running):
    running.dut.load(bytes(running.image.input.size_bytes))
    running.dut.infer(1, 0)
    whole = running.dut.cycles().cycles
    layers = running.dut.layers()
    assert [layer.name for layer in layers] == [name for name, _ in running.image.layers]
    assert sum(layer.cycles for layer in layers) == pytest.approx(whole, rel=0.01)


def test_cycles_and_stamps_come_from_one_clock(running):
    reply = running.dut.infer(5, 1)
    cycles = running.dut.cycles()
    assert cycles.clock_hz == running.board.kind.clock_hz
    assert reply.elapsed_us == pytest.approx(cycles.cycles * 1e6 / cycles.clock_hz, abs=2)
