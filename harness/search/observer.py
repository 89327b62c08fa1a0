"""What a search tells of its progress. Methods are called from several threads."""

from harness.measure import PhaseTime


class Observer:
    """Base that ignores everything; a user interface overrides what it shows."""

    def started(self, candidates: int, boards: tuple[str, ...], steps: int) -> None:
        """The search is about to judge so many candidates, each board in so many steps."""

    def training(self, candidate: str, epoch: int, epochs: int) -> None:
        """A candidate's training has done `epoch` of `epochs`."""

    def made(self, candidate: str, found: bool) -> None:
        """A candidate's model is there; `found` when it was in the store already."""

    def measuring(self, board: str, candidate: str, phase: str, done: int, total: int) -> None:
        """A board is at `done` of `total` steps of `phase` (`build`, `flash`, `latency`, `accuracy`)."""

    def predicted(self, board: str, phases: tuple[PhaseTime, ...]) -> None:
        """A real board is about to start, and should take so long."""

    def measured(self, board: str, candidate: str, found: bool) -> None:
        """A candidate's row of a board is there; `found` when it was in the store already."""

    def passed_over(self, board: str, candidate: str, why: str) -> None:
        """A candidate need not be trained for this board: a step of the search."""

    def failed(self, board: str, candidate: str, error: str, tries_left: int) -> None:
        """A board failed on a candidate."""
