"""The float network that pruning starts from."""

import hashlib
from pathlib import Path
from typing import Any

from harness.config.paths import cache_dir
from harness.errors import InputError
from harness.tasks.digits_reference import ARCHITECTURE, RECIPE, train_digits_reference
from harness.tasks.flatten import without_rescaling
from harness.tasks.framework import load_keras
from harness.tasks.model_file import load_model, save_model
from harness.tasks.pretrained import PRETRAINED, pretrained_files, pretrained_path
from harness.tasks.task import Task


def load_reference(task: Task, reference: Path | None = None) -> Any:
    """The task's trained float `keras.Model`: inputs `[n, *input_shape]` to class probabilities.

    MLPerf Tiny's tasks come with PRETRAINED weights (see `pretrained`). `digits` is trained here at the
    first call, which takes some 10 to 20 seconds, and kept in the cache folder.

    Args:
        task: What the network is for.
        reference: The user's own network in its place: a `.keras` file; or MLPerf Tiny's weights, where
            they lie elsewhere.

    Raises:
        InputError: The file or folder is missing, damaged, or does not fit the task.
    """
    if _is_pretrained(task, reference):
        return PRETRAINED[task.name].load(task, pretrained_path(task, reference))
    if reference is None and task.name == "digits":
        return _digits_reference(task)
    if reference is None:
        raise _missing(task)
    if reference.is_dir():
        raise InputError(f"{reference} is a folder; a reference model of task {task.name!r} is a .keras file")
    model = load_model(reference)
    return _fitting(without_rescaling(model) if task.is_rescaled else model, task, reference)


def reference_key(task: Task, reference: Path | None = None) -> str:
    """SHA-256 (64 hex characters) of all that decides what `load_reference` gives, without TensorFlow.

    Raises:
        InputError: The file or folder is missing, or the task's data is.
    """
    digest = hashlib.sha256(task.name.encode())
    if reference is None and task.name == "digits":
        digest.update(repr((task.fingerprint, ARCHITECTURE, RECIPE.fingerprint())).encode())
        return digest.hexdigest()
    if _is_pretrained(task, reference):
        files = pretrained_files(task, reference)
    elif reference is None:
        raise _missing(task)
    else:
        files = [reference]
    for path in files:
        try:
            digest.update(path.read_bytes())
        except OSError as error:
            raise InputError(f"cannot read the reference model {path}: {error.strerror}") from error
    return digest.hexdigest()


def _is_pretrained(task: Task, reference: Path | None) -> bool:
    """Whether the network is MLPerf Tiny's: not the user's own file."""
    return task.name in PRETRAINED and (
        reference is None or reference.is_dir() or reference.name == PRETRAINED[task.name].file
    )


def _missing(task: Task) -> InputError:
    return InputError(
        f"task {task.name!r} brings no reference model of its own: name a .keras file (--reference)"
    )


def _digits_reference(task: Task) -> Any:
    parts = (task.fingerprint, ARCHITECTURE, RECIPE.fingerprint(), load_keras().__version__)
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()
    path = cache_dir() / "references" / f"{task.name}-{digest[:16]}.keras"
    if path.is_file():
        try:
            return load_model(path)
        except InputError:
            path.unlink(missing_ok=True)  # a damaged cache file is made again
    model = train_digits_reference(task)
    save_model(model, path)
    return model


def _fitting(model: Any, task: Task, path: Path) -> Any:
    """The model, checked to take the task's inputs and give one value a class; as probabilities."""
    if isinstance(model.input_shape, list) or isinstance(model.output_shape, list):
        raise InputError(f"{path} has several inputs or outputs; only models with one of each can be used")
    wanted = (task.input_shape, (len(task.class_names),))
    found = (tuple(model.input_shape[1:]), tuple(model.output_shape[1:]))
    if found != wanted:
        raise InputError(
            f"{path} maps {list(found[0])} to {list(found[1])}; task {task.name!r} needs "
            f"{list(wanted[0])} to {list(wanted[1])}"
        )
    return with_probabilities(model, path)


def with_probabilities(model: Any, path: Path) -> Any:
    """`model`, with a softmax put behind it where it ends in logits.

    Raises:
        InputError: It ends in another activation.
    """
    keras = load_keras()
    last = model.layers[-1]
    ends_in = getattr(getattr(last, "activation", None), "__name__", "linear")
    if ends_in == "softmax" or isinstance(last, keras.layers.Softmax):
        return model
    if ends_in != "linear":
        raise InputError(f"{path} ends in {ends_in}; one output a class is needed, logits or softmax")
    outputs = keras.layers.Softmax(name="probabilities")(model.outputs[0])
    return keras.Model(model.inputs[0], outputs, name=model.name)
