"""Lines to events: every shape, the quirks of real firmware, and anything at all."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dut import events as ev
from harness.dut.parser import parse_line, split_lines


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("m-timestamp-mode-performance", ev.BootMode("performance")),
        ("m-timestamp-mode-energy", ev.BootMode("energy")),
        ("m-results-[0.5m-timestamp-mode-energy", ev.BootMode("energy")),
        ("m-init-done", ev.InitDone()),
        ("m-ready", ev.Ready()),
        ("4 bytes lostm-ready", ev.Ready()),
        ("m-name-dut-[a vendor]", ev.Name("a vendor")),
        ("m-profile-[ULPMark for tinyML Firmware V0.0.1]", ev.Profile("ULPMark for tinyML Firmware V0.0.1")),
        ("m-model-[kws01]", ev.Model("kws01")),
        ("m-lap-us-4294967295", ev.Lap(4294967295)),
        ("m-warmup-start-0", ev.WarmupStart(0)),
        ("m-infer-start-100", ev.InferStart(100)),
        ("m-results-[0.941406,0.058594,]", ev.Results((0.941406, 0.058594))),
        ("m-results-[94.518875]", ev.Results((94.518875,))),
        ("m-[Expecting 27648 bytes]", ev.Expecting(27648)),
        ("m-load-done", ev.LoadDone()),
        ("m-buffer-00-ff-7F", ev.Buffer(b"\x00\xff\x7f")),
        (
            "m-x-info-[kind=nrf51-dk,model=00112233aabbccdd,mode=performance,protocol=1,build=0123456789abcdef]",
            ev.ImageInfo("nrf51-dk", "00112233aabbccdd", "performance", 1, "0123456789abcdef"),
        ),
        ("m-x-cycles-[123,64000000]", ev.Cycles(123, 64_000_000)),
        ("m-x-output-[80ff]", ev.Output(b"\x80\xff")),
        ("m-x-output-[]", ev.Output(b"")),
        ("m-x-output-[80ff,57586539]", ev.Output(b"\x80\xff")),
        ("m-x-memory-[400,2048]", ev.StackUse(400, 2048)),
        ("m-x-layer-[3,conv, depthwise,77]", ev.Layer(3, "conv, depthwise", 77)),
        ("e-[Unknown command: x-info]", ev.DeviceError("Unknown command: x-info")),
        ("e-[Inference iterations must be >0]", ev.DeviceError("Inference iterations must be >0")),
        ("m-[anything else]", ev.Chatter("m-[anything else]")),
        ("Received command: name", ev.Chatter("Received command: name")),
    ],
)
def test_shapes(line: str, event: ev.Event) -> None:
    assert parse_line(line) == event


@pytest.mark.parametrize(
    "line",
    [
        "m-lap-us-",
        "m-lap-us--5",
        "m-lap-us-12a",
        "m-results-[]",
        "m-results-[0.5,,0.5]",
        "m-results-[nan]",
        "m-results-[0.5",
        "m-x-output-[8]",
        "m-x-output-[80fe,57586539]",
        "m-x-output-[80ff,b6a6fc4]",
        "m-x-info-[kind=x]",
        "m-x-info-[kind]",
        "m-name-dut-[]",
        "m-buffer-0",
        "m-[Expecting -1 bytes]",
    ],
)
def test_broken_known_lines_are_malformed(line: str) -> None:
    assert parse_line(line) == ev.Malformed(line)


def test_line_ends_and_dropped_bytes() -> None:
    lines, rest = split_lines(b"m-rea\x00dy\r\nover size\n\xffnoise\r\nm-la")
    assert lines == ["m-ready", "over size", "\\xffnoise"]
    assert rest == b"m-la"


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_splitting_does_not_depend_on_how_bytes_arrive(received: bytes, cuts: list[int]) -> None:
    whole, end = split_lines(received)
    bounds = [0, *sorted(min(cut, len(received)) for cut in cuts), len(received)]
    pieces: list[str] = []
    rest = b""
    for start, stop in pairwise(bounds):
        lines, rest = split_lines(rest + received[start:stop])
        pieces += lines
    assert (pieces, rest) == (whole, end)


@given(st.text() | st.from_regex(r"(m-|e-)[a-z\-]*\[?[0-9a-f,.\-]*\]?", fullmatch=True))
def test_no_line_makes_it_raise(line: str) -> None:
    parse_line(line)


@given(
    st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 6)), min_size=1, max_size=20), st.booleans()
)
def test_results_round_trip(values: list[float], trailing_comma: bool) -> None:
    text = ",".join(f"{value:.6f}" for value in values) + ("," if trailing_comma else "")
    assert parse_line(f"m-results-[{text}]") == ev.Results(tuple(float(f"{value:.6f}") for value in values))


@given(st.binary(max_size=64))
def test_output_round_trip(data: bytes) -> None:
    assert parse_line(f"m-x-output-[{data.hex()}]") == ev.Output(data)
