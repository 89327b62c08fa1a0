"""The client against a scripted device on a pseudo-terminal."""

import time

import pytest

from harness.dut import Cycles, Dut, ImageInfo, Layer, ProfileReply, StackUse
from harness.errors import BootError, LinkError, ProtocolError
from tests.dut.scripted import BOOT, ScriptedDut


def test_boot_is_awaited_past_noise_and_chatter(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.send(b"\xff\x00\xfem-rea")  # the end of something before the reset
    scripted.say(BOOT)
    boot = dut.wait_boot(2)
    assert boot.chatter == ("Initialized",)
    assert dut.name() == "scripted"


def test_boot_tells_the_mode(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.say(["m-timestamp-mode-energy", "m-init-done", "m-ready"])
    assert dut.wait_boot(2).mode == "energy"


@pytest.mark.parametrize(
    ("lines", "told"), [([], "nothing was heard"), (["Booting", "m-ready"], "'Booting'")]
)
def test_boot_that_does_not_come(scripted: ScriptedDut, dut: Dut, lines: list[str], told: str) -> None:
    scripted.say(lines)
    with pytest.raises(BootError, match=f"desk-1: .*{told}"):
        dut.wait_boot(0.2)


@pytest.mark.parametrize("last", [[], ["mready"], ["m-rea\xe4y"]])
def test_boot_whose_last_line_is_damaged_ends_when_the_device_answers(
    scripted: ScriptedDut, dut: Dut, last: list[str]
) -> None:
    scripted.say([*BOOT[:-1], *last])
    began = time.monotonic()
    assert dut.wait_boot(20).mode == "performance"
    assert time.monotonic() - began < 5
    assert dut.retries == 1
    assert scripted.commands == ["name"]


def test_boot_of_a_device_that_dies_at_its_end(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.override["name"] = None
    scripted.say(BOOT[:-1])
    with pytest.raises(BootError, match="'Initialized'"):
        dut.wait_boot(0.1)


def test_every_command_is_typed(scripted: ScriptedDut, dut: Dut) -> None:
    assert dut.profile() == ProfileReply("ULPMark for tinyML Firmware V0.0.1", "kws01")
    assert dut.timestamp_us() == 1234567
    assert dut.help() == ["scripted", "name, timestamp, profile, db, infer, results"]
    assert dut.results() == [0.0, 0.25, 0.75, 0.0]
    assert dut.info() == ImageInfo("nrf51-dk", "0123456789abcdef", "performance", 1, "fedcba9876543210")
    assert dut.cycles() == Cycles(19200, 16_000_000)
    assert dut.output() == b"\x80\xff\x00\x7f"
    assert dut.memory() == StackUse(412, 1536)
    assert dut.layers() == [Layer(0, "conv", 100), Layer(1, "dense", 20)]


def test_clock_wrap_within_a_window(dut: Dut) -> None:
    reply = dut.infer(10, 2)
    assert reply.t1_us < reply.t0_us
    assert reply.elapsed_us == 12_000
    assert reply.latency_us == 1200


@pytest.mark.parametrize(
    ("size", "chunk", "commands"), [(490, 31, 17), (490, 38, 14), (31, 31, 2), (1, 38, 2)]
)
def test_download(scripted: ScriptedDut, dut: Dut, size: int, chunk: int, commands: int) -> None:
    payload = bytes(i * 7 % 256 for i in range(size))
    dut.load(payload, chunk)
    assert scripted.buffer == payload
    assert len(scripted.commands) == commands
    assert max(map(len, scripted.commands)) <= 79
    assert dut.buffer() == payload


def test_chunks_beyond_the_command_buffer_are_refused(dut: Dut) -> None:
    with pytest.raises(ValueError, match="1 to 38"):
        dut.load(b"x" * 100, 39)


def test_lost_bytes_of_a_download_show(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.override["db 6161"] = []  # the device heard nothing of it
    with pytest.raises(ProtocolError, match="no m-load-done after the last byte"):
        dut.load(b"bbaa", 2)
    scripted.override["db load 4"] = ["m-[Expecting 44 bytes]"]
    with pytest.raises(ProtocolError, match="Expecting 44 bytes"):
        dut.load(b"bbaa", 2)
    scripted.override = {"db 6262": ["m-load-done"]}
    with pytest.raises(ProtocolError, match="before the last byte"):
        dut.load(b"bbaa", 2)


def test_other_iteration_count_than_asked_shows(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.override["infer 100 1"] = scripted._infer(["infer", "10", "1"])
    with pytest.raises(ProtocolError, match="number of iterations"):
        dut.infer(100, 1)


def test_energy_firmware_is_named(scripted: ScriptedDut, dut: Dut) -> None:
    lines = [line for line in scripted._infer(["infer", "1", "0"]) if "lap" not in line]
    scripted.override["infer 1 0"] = lines
    with pytest.raises(ProtocolError, match="energy mode"):
        dut.infer(1, 0)


def test_a_plain_device_has_no_image_info(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.override["x-info"] = ["e-[Unknown command: x-info]"]
    assert dut.info() is None
    scripted.override["x-cycles"] = ["e-[Unknown command: x-cycles]"]
    with pytest.raises(ProtocolError, match=r"e-\[Unknown command: x-cycles\]"):
        dut.cycles()


def test_offending_line_is_in_the_message(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.override["timestamp"] = ["m-lap-us-12x4"]
    with pytest.raises(ProtocolError, match="m-lap-us-12x4"):
        dut.timestamp_us()


def test_silence_ends_at_the_deadline(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.override["timestamp"] = None
    before = time.monotonic()
    with pytest.raises(LinkError, match=r"no answer to 'timestamp'.*without a word"):
        dut.timestamp_us()
    assert 3 * 0.4 <= time.monotonic() - before < 4.0
    assert scripted.commands.count("timestamp") == 3 and dut.retries == 2


def test_a_late_answer_is_not_taken_for_the_next_ones(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.override["timestamp"] = None
    with pytest.raises(LinkError):
        dut.timestamp_us()
    scripted.override.clear()
    scripted.say(["m-lap-us-1", "m-ready"])
    assert dut.timestamp_us() == 1234567


def test_late_answer_during_resync(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.override["name"] = b"m-name-dut-[old]\r\nm-results-[0.5]\r\nm-ready\r\n"
    with pytest.raises(LinkError, match="no answer to 'name'"):
        dut.resync()


def test_chatter_amid_a_reply_does_not_disturb(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.override["name"] = b"m-name-dut-[new]\r\nLOG: button released\r\nm-ready\r\n"
    dut.resync()


def test_resync_gives_up_on_a_dead_line(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.override["name"] = None
    with pytest.raises(LinkError, match="reset the board"):
        dut.resync()


def test_garbage_then_back_in_step(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.override["results"] = b"m-resu\xff\xfelts-[0.5]\nm-ready\n"
    with pytest.raises(ProtocolError):
        dut.results()
    scripted.override.clear()
    assert dut.results() == [0.0, 0.25, 0.75, 0.0]


@pytest.mark.parametrize("when", ["before", "during"])
def test_restart_is_told_from_an_answer(scripted: ScriptedDut, dut: Dut, when: str) -> None:
    if when == "during":
        scripted.override["infer 1 0"] = ("\r\n".join(BOOT) + "\r\n").encode()
    else:
        scripted.say(BOOT)
        time.sleep(0.05)
    with pytest.raises(LinkError, match="restarted"):
        dut.infer(1, 0)


class Flaky(dict):  # type: ignore[type-arg]
    """Overrides of single commands that hold only the first so many times."""

    def __init__(self, command: str, reply: list[str] | bytes | None, times: int) -> None:
        super().__init__({command: reply})
        self._times = times

    def get(self, command: str, default: object = None) -> object:
        if command not in self or not self._times:
            return default
        self._times -= 1
        return self[command]


@pytest.mark.parametrize(
    "reply",
    [
        None,
        ["m-x-output-[80ff0x7f]"],
        ["e-[Unknown command: x-outptu]"],
        [],
        b"m-x-output-[80ff007f]\r\nm-red\r\n",
    ],
)
def test_question_is_asked_again(scripted: ScriptedDut, dut: Dut, reply: list[str] | bytes | None) -> None:
    scripted.override = Flaky("x-output", reply, 2)
    assert dut.output() == b"\x80\xff\x00\x7f"
    assert dut.retries == 2


def test_flipped_digit_of_an_unguarded_figure_is_outvoted(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.override = Flaky("x-memory", ["m-x-memory-[812,1536]"], 1)
    assert dut.memory() == StackUse(412, 1536)
    assert dut.retries == 1


def test_download_and_window_are_done_again(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.override = Flaky("db 6161", [], 1)
    dut.load(b"bbaa", 2)
    assert scripted.buffer == b"bbaa" and dut.retries == 1
    scripted.override = Flaky("infer 3 1", ["m-warmup-start-1"], 1)
    assert dut.infer(3, 1).iterations == 3
    assert dut.retries == 2


def test_damaged_command_does_not_make_a_stranger_of_our_firmware(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.override = Flaky("x-info", ["e-[Unknown command: x-inho]"], 1)
    found = dut.info()
    assert found is not None and found.kind == "nrf51-dk"


def test_restart_is_not_asked_away(scripted: ScriptedDut, dut: Dut) -> None:
    scripted.override = Flaky("x-output", ("\r\n".join(BOOT) + "\r\n").encode(), 1)
    with pytest.raises(LinkError, match="restarted"):
        dut.output()
    assert scripted.commands == ["x-output"]


def test_time_to_wait_follows_what_inferences_took(scripted: ScriptedDut, dut: Dut) -> None:
    dut.infer(1, 0, timeout_s=60)
    scripted.override = Flaky("infer 2 0", None, 1)
    before = time.monotonic()
    assert dut.infer(2, 0, timeout_s=60).iterations == 2
    assert time.monotonic() - before < 10


def test_unplugged_port(scripted: ScriptedDut, dut: Dut) -> None:
    assert dut.name() == "scripted"
    scripted.unplug()
    with pytest.raises(LinkError, match=r"desk-1: the serial port has gone.*cable"):
        dut.name()


def test_closed_port_is_a_link_error(scripted: ScriptedDut) -> None:
    port = scripted.open()
    dut = Dut(port, "desk-1")
    port.close()
    with pytest.raises(LinkError):
        dut.name()


def test_trace_hears_both_directions(scripted: ScriptedDut) -> None:
    heard: list[tuple[str, str]] = []
    with scripted.open() as port:
        Dut(port, "desk-1", trace=lambda way, text: heard.append((way, text))).name()
    assert heard == [(">", "name"), ("<", "m-name-dut-[scripted]"), ("<", "m-ready")]


def test_host_cost_of_a_command_is_small(scripted: ScriptedDut, dut: Dut) -> None:
    payload = bytes(490)
    dut.load(payload)
    before = time.perf_counter()
    for _ in range(20):
        dut.load(payload)
    a_command_s = (time.perf_counter() - before) / (20 * 17)
    # Both ends and the thread switches between them; 0.3 ms is the aim, the margin is for busy machines.
    assert a_command_s < 1.5e-3
