"""Who makes models and measures for a search."""

from pathlib import Path

from harness.bench import resolve
from harness.search.models import ModelShop
from harness.search.observer import Observer
from harness.search.worker import BoardWorker
from harness.store import Store
from harness.tasks import Task


class Crew:
    """This process does; a farm of machines overrides it."""

    @property
    def trainings(self) -> int:
        """Models that are trained at the same time."""
        return 1

    def kind_of(self, board: str) -> str:
        """Kind of a board.

        Raises:
            InputError: There is no such board.
        """
        return resolve(board).kind

    def worker(self, board: str, observer: Observer) -> BoardWorker:
        """What measures on a board."""
        return BoardWorker(board, observer)

    def shop(self, store: Store, task: Task, reference: Path | None, *, recipe: str) -> ModelShop:
        """What makes models; see `ModelShop`."""
        return ModelShop(store, task, reference, recipe=recipe)
