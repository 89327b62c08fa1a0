"""A night on a terminal, and where there is none."""

import io
import re
import sys

import pytest
from rich.console import Console

from harness.cli.nightly_progress import TerminalNight
from harness.store import HEALTH, NightResult


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _result(job: str, board: str, state: str = "ok", sentence: str = "") -> NightResult:
    return NightResult(
        job=job,
        board=board,
        mode="accuracy",
        state=state,  # type: ignore[arg-type]
        sentence=sentence,
        measurement=None,
        attempts=1,
        duration_s=1.0,
    )


def _half_a_night(lines: io.StringIO) -> None:
    with TerminalNight(Console(file=lines, width=40)) as shown:
        shown.began(7, {"rack-1": 3, "rack-2": 2})
        shown.doing(HEALTH, "rack-1", "")
        shown.told(_result(HEALTH, "rack-1"))
        shown.doing("kws", "rack-1", "accuracy")
        shown.measuring("rack-1", "kws", "accuracy", 50, 100)
        shown.told(
            _result("kws", "rack-2", "failed", "LinkError: [bold]silent[/bold] for as long as one waited")
        )


LINES = [
    "health check on rack-1 (accuracy): fine",
    "kws on rack-2 (accuracy): failed: LinkError: [bold]silent[/bold] for as long as one waited",
]


@pytest.mark.parametrize("columns", [60, 120])
def test_terminal_shows_a_bar_over_all_boards_and_one_for_each(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    terminal, lines = Terminal(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    _half_a_night(lines)
    assert lines.getvalue().splitlines() == LINES, "as they are, whatever the width"
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue().split("\x1b[2K")[-1])
    whole, first, second = last.splitlines()
    assert "night 7" in whole and "2.6/5" in whole
    assert "rack-1 kws accuracy" in first and "1.6/3" in first
    assert "rack-2" in second and "1/2" in second
    assert all(len(line) <= columns for line in (whole, first, second))
    assert re.search(r"2\.6/5 0:00:\d\d \d:\d\d:\d\d$", whole), "time taken and time left"


def test_results_stand_above_the_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    _half_a_night(terminal)
    for line in LINES:
        assert f"\x1b[2K{line}\n" in terminal.getvalue(), "the bars are wiped away first"


def test_elsewhere_there_are_plain_lines_alone(capsys: pytest.CaptureFixture[str]) -> None:
    lines = io.StringIO()
    _half_a_night(lines)
    assert lines.getvalue().splitlines() == LINES
    assert capsys.readouterr() == ("", "")
