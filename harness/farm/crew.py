"""The farm in the place of this process's own boards and training."""

import tempfile
import threading
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

from harness.farm import remote
from harness.farm.client import Farm
from harness.farm.names import TRAINING, board_resource
from harness.pruning import Candidate
from harness.search.crew import Crew
from harness.search.evaluate import Evaluator
from harness.search.models import CandidateModel, ModelShop
from harness.search.observer import Observer
from harness.search.settings import Enough, never_enough
from harness.search.subject import Subject
from harness.search.variants import OnEpoch, Variant
from harness.search.worker import BoardWorker
from harness.store import Measurement, Store
from harness.tasks import Task


class FarmCrew(Crew):
    """Workers of a farm make models and measure.

    Args:
        farm: The connection, which outlives this.
    """

    def __init__(self, farm: Farm) -> None:
        self._farm = farm

    @property
    def trainings(self) -> int:
        return max(1, sum(TRAINING in each for each in self._farm.resources()))

    def kind_of(self, board: str) -> str:
        return self._farm.kind_of(board)

    def worker(self, board: str, observer: Observer) -> BoardWorker:
        return FarmBoard(self._farm, board, observer)

    def shop(self, store: Store, task: Task, reference: Path | None, *, recipe: str) -> ModelShop:
        return FarmShop(self._farm, store, task, reference, recipe=recipe)


class FarmBoard(BoardWorker):
    """Evaluates subjects on a board that some worker of the farm has."""

    def __init__(self, farm: Farm, board: str, observer: Observer) -> None:
        super().__init__(board, observer)
        self._farm = farm
        self._resource = board_resource(farm.kind_of(board), board)

    def evaluate(
        self, evaluator: Evaluator, subject: Subject, enough: Enough = never_enough, *, step: bool = True
    ) -> Measurement:
        """As `BoardWorker.evaluate`; `enough` travels to the board, so it must be picklable."""
        label = (subject.candidate or subject.name) + (" untrained" if subject.trained is False else "")
        row = evaluator.find(subject, self._name)
        if row is not None:
            self._measured(label, True, step)
            return row
        shipped = {
            item.name: getattr(evaluator, item.name) for item in fields(evaluator) if item.name != "store"
        }
        measured = self._farm.run(
            self._resource,
            remote.measure,
            shipped,
            subject,
            subject.model.read_bytes(),
            self._name,
            enough,
            on_wait=partial(self._progress, label, "latency", 0, 1),
        )
        for suffix, content in measured.artifacts:
            evaluator.store.artifacts.put(content, suffix)
        row = evaluator.store.add(replace(measured.row, id=None, study=subject.study))
        self._measured(label, False, step)
        return row


class FarmShop(ModelShop):
    """Trains on the farm; all else is made here. Several threads may use it.

    Args:
        farm: The connection.
        store: Where the models are kept.
        task: Data to train on; each worker reads it from where this machine does.
        reference: The user's own float model in place of the task's.
        recipe: Name of the training recipe.
    """

    def __init__(self, farm: Farm, store: Store, task: Task, reference: Path | None, *, recipe: str) -> None:
        super().__init__(store, task, reference, recipe=recipe)
        self._farm = farm
        self._saved: bytes | None = None
        self._here = threading.RLock()  # TensorFlow in this process has one user at a time

    def untrained(self, candidate: Candidate) -> CandidateModel:
        with self._here:
            return super().untrained(candidate)

    def vary(self, variant: Variant, on_epoch: OnEpoch) -> CandidateModel:
        with self._here:
            return super().vary(variant, on_epoch)

    def make(self, candidate: Candidate, on_epoch: Callable[[int, int], None]) -> CandidateModel:
        key = self.model_key(candidate)
        missing = self.store.stage(key) is None
        if missing:
            trained = self._farm.run(
                TRAINING,
                remote.train,
                replace(self.task),  # without what it has read
                self.task.fingerprint,
                self._reference_file(),
                candidate,
                self.recipe.name,
                on_wait=partial(on_epoch, 0, 1),
            )
            sha256 = self.store.artifacts.put(trained.tflite, ".tflite")
            self.store.finish_stage(key, {"tflite": sha256}, trained.facts)
        with self._here:
            return replace(super().make(candidate, on_epoch), found=not missing)

    def _reference_file(self) -> bytes:
        """The unpruned network as a file's content."""
        with self._here:
            if self._saved is None:
                with tempfile.TemporaryDirectory(prefix="harness-farm-") as folder:
                    path = Path(folder) / "reference.keras"
                    self.reference.save(path)
                    self._saved = path.read_bytes()
            return self._saved
