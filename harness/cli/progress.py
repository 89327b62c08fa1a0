"""Progress on the terminal, and plain lines where there is none."""

import sys
import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from harness.measure import PhaseTime
from harness.search import Observer

_SPEED_S = 600.0
"""Seconds whose progress the time left is told from; a step may take minutes."""


def done_share(phase: str, done: int, total: int) -> float:
    """How much of a measurement is done, about, 0 to 1."""
    before = {"build": 0.0, "flash": 0.05, "latency": 0.1, "accuracy": 0.2, "energy": 0.1}[phase]
    return before + (0.8 * done / total if phase == "accuracy" else 0.0)


class Bars:
    """Bars with the time left on standard error, where that is a terminal. Use as a context manager."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", table_column=None),
            BarColumn(bar_width=None),
            TextColumn("{task.completed:g}/{task.total:g}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            speed_estimate_period=_SPEED_S,
            redirect_stdout=sys.stdout.isatty(),  # what goes to a file is not the terminal's
            disable=not sys.stderr.isatty(),
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


class TerminalObserver(Bars, Observer):
    """Shows a search: one bar for training, one for each board."""

    def __init__(self) -> None:
        super().__init__()
        self._console = self._progress.console
        self._live = sys.stderr.isatty()
        self._tasks: dict[str, TaskID] = {}
        self._done: dict[str, int] = {}
        self._totals: dict[str, int] = {}
        self._lock = threading.Lock()

    def started(self, candidates: int, boards: tuple[str, ...], steps: int) -> None:
        for name, total in (("training", candidates), *((board, steps) for board in boards)):
            self._tasks[name] = self._progress.add_task(name, total=total)
            self._done[name] = 0
            self._totals[name] = total

    def training(self, candidate: str, epoch: int, epochs: int) -> None:
        self._show("training", f"training {candidate}", epoch / epochs)

    def made(self, candidate: str, found: bool) -> None:
        self._finish("training", f"trained {candidate}" + (" (from the store)" if found else ""))

    def measuring(self, board: str, candidate: str, phase: str, done: int, total: int) -> None:
        self._show(board, f"{board} {candidate} {phase}", done_share(phase, done, total))

    def predicted(self, board: str, phases: tuple[PhaseTime, ...]) -> None:
        parts = ", ".join(f"{phase.phase} {phase.seconds:.1f} s ({phase.because})" for phase in phases)
        total = sum(phase.seconds for phase in phases)
        self._console.print(f"{board}: about {total:.0f} s: {parts}", highlight=False, markup=False)

    def measured(self, board: str, candidate: str, found: bool) -> None:
        self._finish(board, f"{board} measured {candidate}" + (" (from the store)" if found else ""))

    def passed_over(self, board: str, candidate: str, why: str) -> None:
        self._finish(board, f"{board} passed over {candidate}: {why}")

    def failed(self, board: str, candidate: str, error: str, tries_left: int) -> None:
        again = f"; {tries_left} tries left" if tries_left else "; given up"
        self._console.print(f"{candidate}: {error}{again}", style="yellow", highlight=False, markup=False)

    def _show(self, name: str, text: str, share: float) -> None:
        with self._lock:
            if name not in self._tasks:
                self._tasks[name] = self._progress.add_task(name, total=1)
                self._done[name] = 0
            self._progress.update(
                self._tasks[name], description=text, completed=round(self._done[name] + min(share, 0.99), 2)
            )

    def _finish(self, name: str, text: str) -> None:
        with self._lock:
            self._done[name] = self._done.get(name, 0) + 1
            if name in self._tasks:
                self._progress.update(self._tasks[name], description=text, completed=self._done[name])
            if not self._live and name in self._totals:
                self._console.print(
                    f"[{self._done[name]}/{self._totals[name]}] {text}", highlight=False, markup=False
                )
