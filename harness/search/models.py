"""Candidates as int8 files, trained or not, made once and kept in the store."""

import importlib.metadata
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.pruning import (
    Candidate,
    FeatureCache,
    build_candidate,
    list_candidates,
    load_recipe,
    most_epochs,
    train_candidate,
)
from harness.quantization import calibration_fingerprint, quantize
from harness.search.shapes import shape_of
from harness.search.variants import OnEpoch, Variant
from harness.store import Stage, Store, stage_key
from harness.tasks import Task, load_reference, reference_key
from harness.tasks.fit import accuracy


@dataclass(frozen=True)
class CandidateModel:
    """A candidate as an int8 file.

    Attributes:
        key: Name of the candidate.
        path: The `.tflite` file, an artifact.
        trained: Whether its head is trained; the unpruned network always is.
        found: Whether it was in the store already.
        cut: Where it was cut, None for the network in its whole depth.
        head: Head put there; of a `Variant` what it is in place of one.
        seed: Of the training.
        float_accuracy: Of the float network on the test split, in [0, 1]; None where it was not found out.
    """

    key: str
    path: Path
    trained: bool
    found: bool
    cut: str | None
    head: str | None
    seed: int
    float_accuracy: float | None = None


class ModelShop:
    """Makes candidates' models, or finds them made.

    TensorFlow is started only when something has to be made. To be used by one thread.

    Args:
        store: Where the models are kept.
        task: Data to train on.
        reference: The user's own float model in place of the task's.
        recipe: Name of the training recipe.
    """

    def __init__(self, store: Store, task: Task, reference: Path | None, *, recipe: str) -> None:
        self.store = store
        self.task = task
        self.recipe = load_recipe(recipe)
        self.inputs = {
            "task": task.fingerprint,
            "reference": reference_key(task, reference),
            "tensorflow": importlib.metadata.version("tensorflow"),
            "calibration": calibration_fingerprint(task.calibration),
        }
        self._reference_path = reference
        self._features = FeatureCache()
        self._loaded: Any = None
        self._starts: dict[str, Any] = {}

    def candidates(
        self,
        heads: tuple[str, ...],
        frozen: tuple[bool, ...],
        widths: tuple[float, ...],
        seeds: tuple[int, ...],
    ) -> list[Candidate]:
        """The unpruned network, then every cut with every head, tail, width and seed, front to back."""
        options = {"heads": heads, "frozen": frozen, "widths": widths, "seeds": seeds}
        key = stage_key(
            "candidates", {**self.inputs, **{name: list(value) for name, value in options.items()}}
        )
        stage = self.store.stage(key)
        if stage is None:
            found = [
                candidate
                for seed in seeds
                for candidate in list_candidates(self.reference, heads, seed, frozen=frozen, widths=widths)
            ]
            unique = list({candidate.key: candidate for candidate in found}.values())
            cuts = list(dict.fromkeys(candidate.cut for candidate in unique))
            unique.sort(
                key=lambda candidate: cuts.index(candidate.cut)
            )  # heads of a cut share its feature maps
            stage = self.store.finish_stage(key, {}, {"candidates": [asdict(one) for one in unique]})
        return [Candidate(**fields) for fields in stage.facts["candidates"]]

    def untrained(self, candidate: Candidate) -> CandidateModel:
        """The candidate's network before training: as fast and as large as the trained one."""

        def build() -> tuple[Any, dict[str, Any]]:
            classes = len(self.task.class_names)
            return build_candidate(self.reference, shape, classes, self.task.calibration), {}

        shape = shape_of(candidate)
        return self._made("untrained", {"candidate": shape.key}, candidate, build, trained=False)

    def make(self, candidate: Candidate, on_epoch: OnEpoch) -> CandidateModel:
        """The candidate's model, trained and quantised unless it is in the store.

        Args:
            candidate: What to make.
            on_epoch: Called with epochs done and in all.
        """

        def train() -> tuple[Any, dict[str, Any]]:
            epochs = most_epochs(candidate, self.recipe)
            trained = train_candidate(
                self.reference,
                candidate,
                self.task,
                self.recipe,
                features=self._features,
                on_epoch=lambda epoch: on_epoch(epoch.number, epochs),
            )
            return trained.model, {
                "train_s": trained.seconds,
                "val_accuracy": trained.val_accuracy,
                "float_accuracy": accuracy(trained.model, self.task.test.x, self.task.test.y),
            }

        return self._made("model", self._trained_from(candidate), candidate, train, trained=True)

    def model_key(self, candidate: Candidate) -> str:
        """Key of the stage that makes the trained candidate."""
        return stage_key("model", {**self.inputs, **self._trained_from(candidate)})

    def vary(self, variant: Variant, on_epoch: OnEpoch) -> CandidateModel:
        """A variant of a network, trained and quantised unless it is in the store.

        Args:
            variant: What to make.
            on_epoch: Called with epochs done and in all.

        Raises:
            SearchError: It cannot be made within its budget.
        """

        def train() -> tuple[Any, dict[str, Any]]:
            started = time.monotonic()
            model, facts = variant.train(self._start(variant.base), self.task, on_epoch)
            return model, {
                **facts,
                "train_s": time.monotonic() - started,
                "float_accuracy": accuracy(model, self.task.test.x, self.task.test.y),
            }

        return self._made(variant.head, self._varied_from(variant), variant, train, trained=True)

    def variant_key(self, variant: Variant) -> str:
        """Key of the stage that makes the variant."""
        return stage_key(variant.head, {**self.inputs, **self._varied_from(variant)})

    def _varied_from(self, variant: Variant) -> dict[str, Any]:
        return {
            "variant": variant.inputs(),
            "base_recipe": self.recipe.fingerprint(),
            "recipe": variant.recipe.fingerprint(),
        }

    def _start(self, base: Candidate) -> Any:
        """The trained float network of `base`; the store has int8 files only, so it is trained here once more."""
        if base.key not in self._starts:
            trained = train_candidate(self.reference, base, self.task, self.recipe, features=self._features)
            self._starts[base.key] = trained.model
        return self._starts[base.key]

    def _trained_from(self, candidate: Candidate) -> dict[str, Any]:
        return {"candidate": candidate.key, "recipe": self.recipe.fingerprint()}

    def _made(
        self,
        stage_name: str,
        inputs: dict[str, Any],
        candidate: Candidate | Variant,
        build: Callable[[], tuple[Any, dict[str, Any]]],
        *,
        trained: bool,
    ) -> CandidateModel:
        """What `build` gives (a network and facts) as an int8 file, from the store where it was made before.

        Args:
            stage_name: Kind of the stage.
            inputs: What it depends on beside the shop's own inputs, as JSON values.
            candidate: What it is.
            build: Makes it.
            trained: Whether its weights are.
        """
        stage_id = stage_key(stage_name, {**self.inputs, **inputs})
        stage = self.store.stage(stage_id)
        found = stage is not None
        if stage is None:
            model, facts = build()
            stage = self._quantized(stage_id, model, facts)
        return CandidateModel(
            candidate.key,
            self.store.artifacts.path(stage.outputs["tflite"]),
            trained,
            found,
            candidate.cut if isinstance(candidate, Candidate) else candidate.base.cut,
            candidate.head,
            candidate.seed,
            stage.facts.get("float_accuracy"),
        )

    def _quantized(self, stage_id: str, model: Any, facts: dict[str, Any]) -> Stage:
        started = time.monotonic()
        content = quantize(model, self.task.calibration)
        facts = {**facts, "quantize_s": time.monotonic() - started}
        return self.store.finish_stage(
            stage_id, {"tflite": self.store.artifacts.put(content, ".tflite")}, facts
        )

    @property
    def reference(self) -> Any:
        """The unpruned float network."""
        if self._loaded is None:
            self._loaded = load_reference(self.task, self._reference_path)
        return self._loaded
