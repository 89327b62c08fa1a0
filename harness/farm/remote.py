"""What runs on the farm's workers."""

import hashlib
import socket
import time
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from harness.config.paths import cache_dir, ensure_writable
from harness.errors import HarnessError, InputError
from harness.farm.kept import kept_board
from harness.pruning import Candidate, FeatureCache, load_recipe, train_candidate
from harness.search.evaluate import Evaluator
from harness.search.settings import Enough
from harness.search.subject import Subject
from harness.store import Measurement, Store
from harness.tasks import Task, load_reference
from harness.tasks.fit import accuracy

_ARTIFACTS = {"outputs_sha256": ".csv", "layers_sha256": ".json"}


@dataclass(frozen=True)
class Measured:
    """A row from another machine.

    Attributes:
        row: As that machine's own store has it.
        artifacts: Suffix and content of each artifact that the row names.
    """

    row: Measurement
    artifacts: tuple[tuple[str, bytes], ...]


def measure(
    evaluator: dict[str, Any], subject: Subject, model: bytes, board: str, enough: Enough
) -> Measured | HarnessError:
    """Measure a model on a board of this machine.

    The board stays open for the next job. Images, and the answers of runs that were killed, are kept in a store in
    this machine's cache, so that a job that comes again goes on.

    Args:
        evaluator: Fields of an `Evaluator` but its store.
        subject: What is measured; its file is the other machine's.
        model: The file's content.
        board: Name of the unit here.
        enough: When to stop asking for samples.

    Returns:
        The row, or what kept it from being measured.
    """
    try:
        with Store(cache_dir() / "farm") as store:
            path = store.artifacts.path(store.artifacts.put(model, ".tflite"))
            local = replace(subject, model=path, study=None)  # the study is in the other machine's store
            settings = Evaluator(store=store, **evaluator)
            row = kept_board(board).run(lambda worker: worker.evaluate(settings, local, enough))
            names = [(getattr(row, column), suffix) for column, suffix in _ARTIFACTS.items()]
            return Measured(
                row, tuple((suffix, store.artifacts.read(name)) for name, suffix in names if name)
            )
    except HarnessError as error:
        return error


@dataclass(frozen=True)
class Trained:
    """A model from another machine.

    Attributes:
        tflite: The int8 file's content.
        facts: Seconds and accuracies of its making.
    """

    tflite: bytes
    facts: dict[str, Any]


def train(
    task: Task, fingerprint: str, reference: bytes, candidate: Candidate, recipe: str
) -> Trained | HarnessError:
    """Train and quantise a candidate on this machine.

    Args:
        task: Whose data to train on; it is read from this machine's disk.
        fingerprint: What the data must be.
        reference: The unpruned network as a `.keras` file's content.
        candidate: What to train.
        recipe: Name of the training recipe.
    """
    from harness.quantization import quantize

    try:
        known = _known(_Given(fingerprint, hashlib.sha256(reference).hexdigest(), task, reference))
        trained = train_candidate(
            known.network,
            candidate,
            known.task,
            load_recipe(recipe),
            features=known.features,
            on_epoch=lambda epoch: None,
        )
        started = time.monotonic()
        content = quantize(trained.model, known.task.calibration)
    except HarnessError as error:
        return error
    seconds = {"train_s": trained.seconds, "quantize_s": time.monotonic() - started}
    test = known.task.test
    found = {
        "val_accuracy": trained.val_accuracy,
        "float_accuracy": accuracy(trained.model, test.x, test.y),
    }
    return Trained(content, {**seconds, **found})


@dataclass(frozen=True)
class _Given:
    """What a search trains with; two are the same where their hashes are."""

    fingerprint: str
    reference_sha256: str
    task: Task = field(compare=False)
    reference: bytes = field(compare=False)


@dataclass(frozen=True)
class _Known:
    """The same once read: data, unpruned network, and its feature maps, computed once."""

    task: Task
    network: Any
    features: FeatureCache


@lru_cache(maxsize=1)
def _known(given: _Given) -> _Known:
    if given.task.fingerprint != given.fingerprint:
        raise InputError(
            f"the data of task {given.task.name!r} on {socket.gethostname()} is not that of the machine that "
            "searches; copy it there"
        )
    path = ensure_writable(cache_dir() / "farm-references") / f"{given.reference_sha256}.keras"
    path.write_bytes(given.reference)
    return _Known(given.task, load_reference(given.task, path), FeatureCache())
