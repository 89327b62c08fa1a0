"""Session logs of real silicon, parsed and replayed through the client."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from harness.dut import Dut
from harness.dut import events as ev
from harness.dut.parser import parse_line
from tests.dut.scripted import ScriptedDut

_DEVICE = re.compile(r"[\d.]+ (?:dut|io): (?:\[dut\]: )?(.*)")
_COMMAND = re.compile(r'[\d.]+ parser: Command "(?:io )?dut (.*)"')


@pytest.fixture
def transcripts(shared_data: Path) -> Path:
    return shared_data / "golden" / "transcripts"


def exchanges(log: Path) -> list[tuple[str, list[str]]]:
    """Commands and the device's whole answers to them, in the log's order."""
    found: list[tuple[str, list[str]]] = []
    for line in log.read_text().splitlines():
        if sent := _COMMAND.fullmatch(line):
            found.append((sent[1], []))
        elif (heard := re.fullmatch(r"[\d.]+ dut: (.*)", line)) and found:
            found[-1][1].append(heard[1])
    return [(command, lines) for command, lines in found if lines and lines[-1] == "m-ready"]


@pytest.mark.parametrize("name", ["performance", "accuracy_head", "energy"])
def test_every_line_of_silicon_is_understood(transcripts: Path, name: str) -> None:
    lines = (transcripts / f"v0.5_ref_kws_{name}.log").read_text().splitlines()[:-2]
    events = [parse_line(match[1]) for line in lines if (match := _DEVICE.fullmatch(line))]
    assert events
    assert not [event for event in events if isinstance(event, ev.Malformed | ev.DeviceError)]
    assert all(len(event.values) == 12 for event in events if isinstance(event, ev.Results))


def test_performance_session_through_the_client(transcripts: Path, scripted: ScriptedDut, dut: Dut) -> None:
    latencies = []
    for command, lines in exchanges(transcripts / "v0.5_ref_kws_performance.log"):
        scripted.override = {command: lines[:-1]}
        if command == "profile":
            assert dut.profile().model_id == "kws01"
        elif command.startswith("infer"):
            latencies.append(dut.infer(100, 1).latency_us)
    assert len(latencies) == 5
    assert all(181_900 < latency < 182_000 for latency in latencies)


def test_accuracy_session_clock_never_goes_back(transcripts: Path, scripted: ScriptedDut, dut: Dut) -> None:
    replies = []
    for command, lines in exchanges(transcripts / "v0.5_ref_kws_accuracy_head.log"):
        if command.startswith("infer"):
            scripted.override = {command: lines[:-1]}
            replies.append(dut.infer(1, 0))
    assert len(replies) == 125
    assert all(before.t1_us < after.t0_us for before, after in pairwise(replies))
    assert replies[0].results[7] == 0.996
