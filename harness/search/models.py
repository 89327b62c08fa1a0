"""Trained and quantised candidates, made once and kept in the store."""

import importlib.metadata
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.pruning import (
    Candidate,
    FeatureCache,
    list_candidates,
    load_recipe,
    most_epochs,
    train_candidate,
)
from harness.quantization import calibration_fingerprint, quantize
from harness.store import Store, stage_key
from harness.tasks import Task, load_reference, reference_key


@dataclass(frozen=True)
class CandidateModel:
    """A candidate as an int8 file.

    Attributes:
        candidate: What it is.
        path: The `.tflite` file, an artifact.
        sha256: Its hash.
        train_s: Wall time of its training, in seconds, when it was made.
        quantize_s: Wall time of its conversion.
    """

    candidate: Candidate
    path: Path
    sha256: str
    train_s: float
    quantize_s: float


class ModelShop:
    """Makes candidates' models, or finds them made.

    TensorFlow is started only when something has to be made.

    Args:
        store: Where the models are kept.
        task: Data to train on.
        reference: The user's own float model in place of the task's.
        recipe: Name of the training recipe.
        seed: Of all random choices.
        frozen: Whether the kept part stays as it is.
    """

    def __init__(
        self, store: Store, task: Task, reference: Path | None, *, recipe: str, seed: int, frozen: bool
    ) -> None:
        self._store = store
        self._task = task
        self._reference_path = reference
        self._recipe = load_recipe(recipe)
        self._seed = seed
        self._frozen = frozen
        self._features = FeatureCache()
        self._loaded: Any = None
        self._inputs = {
            "task": task.fingerprint,
            "reference": reference_key(task, reference),
            "tensorflow": importlib.metadata.version("tensorflow"),
        }

    def candidates(self, heads: tuple[str, ...]) -> list[Candidate]:
        """The unpruned network, then every cut with every head, front to back."""
        key = stage_key(
            "cuts", {**self._inputs, "heads": list(heads), "seed": self._seed, "frozen": self._frozen}
        )
        stage = self._store.stage(key)
        if stage is None:
            found = list_candidates(self._model, heads, self._seed)
            stage = self._store.finish_stage(key, {}, {"candidates": [[c.cut, c.head] for c in found]})
        return [
            Candidate(cut, head, frozen=self._frozen, seed=self._seed)
            for cut, head in stage.facts["candidates"]
        ]

    def is_made(self, candidate: Candidate) -> bool:
        """Whether the candidate's model is in the store."""
        return self._store.stage(self._key(candidate)) is not None

    def make(self, candidate: Candidate, on_epoch: Callable[[int, int], None]) -> CandidateModel:
        """The candidate's model, trained and quantised unless it is in the store.

        Args:
            candidate: What to make.
            on_epoch: Called with epochs done and in all.
        """
        key = self._key(candidate)
        stage = self._store.stage(key)
        if stage is None:
            stage = self._store.finish_stage(key, *self._train(candidate, on_epoch))
        sha256 = stage.outputs["tflite"]
        return CandidateModel(
            candidate,
            self._store.artifacts.path(sha256),
            sha256,
            stage.facts["train_s"],
            stage.facts["quantize_s"],
        )

    def _key(self, candidate: Candidate) -> str:
        return stage_key(
            "model",
            {
                **self._inputs,
                "candidate": candidate.key,
                "recipe": self._recipe.fingerprint(),
                "calibration": calibration_fingerprint(self._task.calibration),
            },
        )

    def _train(
        self, candidate: Candidate, on_epoch: Callable[[int, int], None]
    ) -> tuple[dict[str, str], dict[str, Any]]:
        epochs = most_epochs(candidate, self._recipe)
        trained = train_candidate(
            self._model,
            candidate,
            self._task,
            self._recipe,
            features=self._features,
            on_epoch=lambda epoch: on_epoch(epoch.number, epochs),
        )
        started = time.monotonic()
        content = quantize(trained.model, self._task.calibration)
        facts = {
            "train_s": trained.seconds,
            "quantize_s": time.monotonic() - started,
            "val_accuracy": trained.val_accuracy,
        }
        return {"tflite": self._store.artifacts.put(content, ".tflite")}, facts

    @property
    def _model(self) -> Any:
        if self._loaded is None:
            self._loaded = load_reference(self._task, self._reference_path)
        return self._loaded
