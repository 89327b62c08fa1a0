"""What the harness promises under each fault, and a run that shows whether it keeps it.

Every run is a whole `harness bench`: build, flash, start, time, ask samples, store. Its row either has the figures of a
sound board of the kind, or no figures at all and an error that says what is wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import harness
from harness.api import Observer
from harness.bench import open_board
from harness.config.kinds import BoardKind, load_kind
from harness.dut import Dut
from harness.errors import BoardError, HarnessError, WrongImageError
from harness.firmware import build_image
from harness.measure import PerformanceRules, start_image
from harness.store import Measurement

SAMPLES = 12
RULES = PerformanceRules(windows=2, iterations=1, warmup=0)
FIGURES = (
    "cycles",
    "latency_us",
    "correct",
    "samples",
    "flash_bytes",
    "ram_bytes",
    "stack_used_bytes",
    "outputs_sha256",
)
"""Columns that must be those of a sound board, to the last digit."""


@dataclass(frozen=True)
class Fault:
    """One fault and what may come of it.

    Attributes:
        name: Of the case.
        what: In words, for the table.
        settings: As in a board's URL, made for a kind.
        promise: `"right"`: a row with right figures. Else the name of the error that the run ends with, which is stored
            or raised.
        slow: Whether it takes more than some seconds, as waiting for a silent board does.
    """

    name: str
    what: str
    settings: str | Callable[[BoardKind], str]
    promise: str
    slow: bool = False

    def board(self, kind: str) -> str:
        """The board with this fault."""
        settings = self.settings if isinstance(self.settings, str) else self.settings(load_kind(kind))
        return f"virtual:{kind}?{settings}" if settings else f"virtual:{kind}"


def _stuck(kind: BoardKind) -> str:
    # The lowest bit of the reset vector is 1 in every image: it says that the code is Thumb.
    return f"stuck={kind.flash.origin + 4}"


def _wrong_chip(kind: BoardKind) -> str:
    return f"wrong_chip={'nrf52840-dk' if kind.core == 'cortex-m0' else 'nrf51-dk'}"


FAULTS = (
    Fault("none", "a sound board", "", "right"),
    Fault("drop", "1 of 2,000 bytes is lost, both ways", "drop=0.0005&seed=2", "right"),
    Fault("corrupt", "1 of 2,000 bytes has a bit flipped, both ways", "corrupt=0.0005&seed=2", "right"),
    Fault("duplicate", "1 of 2,000 bytes comes twice, both ways", "duplicate=0.0005&seed=2", "right"),
    Fault("delay", "1 of 50 bytes to the host comes 20 ms late", "delay=0.02&delay_ms=20", "right"),
    Fault("deaf", "the board hears nothing whole: half of the bytes to it are lost", "drop=0.5&direction=to-board", "StateLostError", True),
    Fault("garble", "half of the bytes to the host have a bit flipped", "corrupt=0.5&direction=to-host", "BootError", True),
    Fault("hang", "the program hangs after 3 commands, and again after each reset", "hang_after=3", "StateLostError", True),
    Fault("hang-later", "the program hangs after 20 commands, and again after each reset", "hang_after=20", "right", True),
    Fault("hang-at-boot", "the program says nothing at all", "hang_after_s=0", "BootError", True),
    Fault("reboot", "the board restarts at 1 of 50 commands", "reboot=0.02&seed=1", "right"),
    Fault("brown-out", "the supply fails once while flashing", "brownout=300&times=1", "right"),
    Fault("brown-out-always", "the supply fails at every flashing", "brownout=300", "FlashError", True),
    Fault("stuck", "a bit of the flash cannot be programmed", _stuck, "FlashError", True),
    Fault("stale", "the flash takes the program and has lost it after the reset", "stale_after=0", "CoreFaultError|BootError", True),
    Fault("wrong-chip", "another chip is behind the probe", _wrong_chip, "WrongChipError"),
    Fault("wrong-mode", "the program announces energy mode", "wrong_mode=true", "WrongImageError"),
    Fault("dead-timer", "the chip's timers stand still", "dead_timer=true", "TimerError"),
    Fault("probe-busy", "the probe refuses to open twice", "probe_busy=2", "right"),
    Fault("probe-lost", "the probe's connection breaks once", "probe_lost_after=150&times=1", "right"),
    Fault("probe-away", "the probe goes off USB for a second", "probe_lost_after=150&times=1&probe_absent_s=1", "right"),
    Fault("probe-late", "the probe appears a second late", "probe_absent_s=1", "right"),
    Fault("probe-refuses", "the probe never opens", "probe_busy=999", "ProbeError"),
)  # fmt: skip


@dataclass
class Outcome:
    """What came of a run.

    Attributes:
        row: The stored row; None where the board could not even be opened.
        error: Name of the error's class; empty for a row with figures.
        message: Its text.
        tries: Tries that failed before.
    """

    row: Measurement | None
    error: str = ""
    message: str = ""
    tries: list[str] = field(default_factory=list)


class _Listener(Observer):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def failed(self, board: str, label: str, message: str, tries_left: int) -> None:
        self.heard.append(message)


def measure(model: Path, board: str, results: Path) -> Outcome:
    """One run of `harness bench` on a board."""
    listener = _Listener()
    try:
        row = harness.bench(
            model, board, task="digits", samples=SAMPLES, rules=RULES, results_dir=results, observer=listener
        )
    except HarnessError as error:
        return Outcome(None, type(error).__name__, str(error), listener.heard)
    if row.status == "ok":
        return Outcome(row, tries=listener.heard)
    name, _, message = (row.failure or "").partition(": ")
    return Outcome(row, name, message, listener.heard)


def figures(row: Measurement) -> dict[str, object]:
    """The figures of a row."""
    return {name: getattr(row, name) for name in FIGURES}


def wrong_figures(outcome: Outcome, sound: Measurement) -> dict[str, object]:
    """Figures of an outcome that are there and not those of a sound board; must be none."""
    if outcome.row is None:
        return {}
    right = figures(sound)
    known = ("flash_bytes", "ram_bytes") if outcome.error else ()
    return {
        name: value
        for name, value in figures(outcome.row).items()
        if value is not None and (name in known or value != right[name])
    }


def replaced_program_is_noticed(kind: str, first: Path, second: Path, folder: Path) -> str:
    """Flash two programs on a board that loses the second; gives the text of the refusal."""
    images = [build_image(model, load_kind(kind), folder / model.stem) for model in (first, second)]
    with open_board(f"virtual:{kind}?stale_after=1") as board, board.open_serial() as port:
        for image in images:
            board.flash(image)
            try:
                dut: Dut = start_image(board, image, port)
                assert dut.name() == kind
            except WrongImageError as error:
                assert image is images[1]
                return str(error)
            except BoardError as error:
                raise AssertionError(f"another error than that of a wrong image: {error}") from error
    raise AssertionError("the stale program passed for the new one")
