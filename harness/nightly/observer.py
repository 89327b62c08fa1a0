"""What a night tells of its progress. Methods are called from several threads."""

from collections.abc import Mapping

from harness.search import Observer
from harness.store import NightResult


class NightObserver(Observer):
    """Base that ignores everything; a user interface overrides what it shows."""

    def began(self, night: int, steps: Mapping[str, int]) -> None:
        """Night number `night` is about to give so many results for each board."""

    def doing(self, job: str, board: str, mode: str) -> None:
        """A board is about to do a job, or its health check."""

    def told(self, result: NightResult) -> None:
        """A result is there and stored. Called by one thread at a time."""
