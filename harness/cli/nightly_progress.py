"""A night on the terminal: a bar over all of it and one for each board; plain lines as results come, anywhere."""

import threading
from collections.abc import Mapping

from rich.console import Console
from rich.progress import TaskID

from harness.cli.progress import Bars, done_share
from harness.nightly.observer import NightObserver
from harness.nightly.verdict import WORDS
from harness.store import NightResult


class TerminalNight(Bars, NightObserver):
    """Shows a night.

    Args:
        console: Where the results go.
    """

    def __init__(self, console: Console) -> None:
        super().__init__()
        # Where the bars are, only their own console prints above them.
        beside_bars = console.is_terminal and not self._progress.disable
        self._console = self._progress.console if beside_bars else console
        self._night = ""
        self._all: TaskID | None = None
        self._boards: dict[str, TaskID] = {}
        self._done: dict[str, float] = {}
        self._lock = threading.Lock()

    def began(self, night: int, steps: Mapping[str, int]) -> None:
        self._night = f"night {night}"
        self._all = self._progress.add_task(f"{self._night}: known-good image", total=sum(steps.values()))
        for board, count in steps.items():
            self._boards[board] = self._progress.add_task(board, total=count)
            self._done[board] = 0.0

    def doing(self, job: str, board: str, mode: str) -> None:
        self._show(board, f"{board} {job}{_in(mode)}", 0.0)

    def measuring(self, board: str, candidate: str, phase: str, done: int, total: int) -> None:
        self._show(board, f"{board} {candidate} {phase}", done_share(phase, done, total))

    def told(self, result: NightResult) -> None:
        with self._lock:
            self._done[result.board] += 1
        self._show(result.board, result.board, 0.0)
        line = f"{result.job} on {result.board}{_in(result.mode)}: {WORDS[result.state]}"
        if result.sentence:
            line += f": {result.sentence}"
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _show(self, board: str, text: str, share: float) -> None:
        with self._lock:
            if self._all is None:
                return
            task, done = self._boards[board], self._done[board] + min(share, 0.99)
            self._progress.update(task, description=text, completed=round(done, 2))
            whole = sum(one.completed for one in self._progress.tasks if one.id != self._all)
            self._progress.update(self._all, description=self._night, completed=round(whole, 2))


def _in(mode: str) -> str:
    return f" ({mode})" if mode not in ("", "all") else ""
