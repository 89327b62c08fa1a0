"""One model on one board."""

from pathlib import Path

import numpy as np

from harness.api.folders import as_path
from harness.bench import resolve
from harness.errors import InputError
from harness.measure import LOADS, MLPERF_TINY, GivenSamples, PerformanceRules, read_samples
from harness.search.evaluate import MODES, Evaluator
from harness.search.observer import Observer
from harness.search.samples import choose_samples
from harness.search.subject import Subject
from harness.search.worker import BoardWorker
from harness.store import Measurement, Store
from harness.tasks import Split, Task, load_task

_SPLITS = ("official", "test")


def bench(
    model: Path | str,
    board: str,
    *,
    task: str | None = None,
    data_dir: Path | str | None = None,
    samples: int | None = None,
    split: str | None = None,
    layers: bool = False,
    toolchain: str = "zig",
    rules: PerformanceRules | None = None,
    mode: str | None = None,
    load: str | None = None,
    inputs: Path | str | None = None,
    labels: Path | str | None = None,
    model_id: str | None = None,
    padding_bytes: int = 0,
    whole: bool = False,
    name: str | None = None,
    results_dir: Path | str | None = None,
    observer: Observer | None = None,
) -> Measurement:
    """Build, flash and measure one int8 `.tflite` model on one board, and store the row.

    A run that was killed while samples were asked goes on with the first one that has no answer.

    Args:
        model: The model file.
        board: A unit of the bench file or `virtual:<kind>`.
        task: Task whose labelled samples give the accuracy; None for latency and memory only.
        data_dir: The task's data.
        samples: How many of them, a fixed random choice; None for all.
        split: `"official"` (the default where the task has one) or `"test"`.
        layers: Whether to time each layer too; `load_layers(row)` reads what was found.
        toolchain: `"zig"` or `"gcc"`.
        rules: How latency is measured; by MLPerf Tiny's rules where it is None.
        mode: `"performance"`, `"accuracy"`, `"memory"`, `"energy"` or `"profile"`; None for latency, memory, and accuracy where
            samples are given.
        load: `"swd"`, `"serial"` or `"serial-strict"`; None for the fastest that works.
        inputs: Labelled samples of the user's own in place of a task's: what `read_samples` takes.
        labels: Their labels, where they lie elsewhere.
        model_id: What the firmware answers to `profile`; samples of `vww01` and `ic01` travel as pixels, those
            of `ad01` as float32. None for the task's, or `"custom"`.
        padding_bytes: Bytes to put before the code, which shifts it.
        whole: Whether channels that carry nothing are kept, as the closed division of MLPerf Tiny wants it.
        name: What to call the model in the row; its file's stem where it is None.
        results_dir: Folder of the store.
        observer: Told of the progress.

    Returns:
        The stored row. An image that does not fit the board is a row with `fits=False`; a board that
        failed every try is a row with `status="failed"`.

    Raises:
        InputError: Something given cannot be used.
        BuildError: The compiler refused.
        BoardError: The board cannot be opened.
    """
    resolve(board)
    path = Path(model)
    if not path.is_file():
        raise InputError(f"no model file {path}; give the path of an int8 .tflite file")
    if samples is not None and samples < 1:
        raise InputError(f"--samples must be at least 1, not {samples}")
    for what, given, known in (("mode", mode, MODES), ("load", load, LOADS)):
        if given is not None and given not in known:
            raise InputError(f"unknown {what} {given!r}; choose one of {', '.join(known)}")
    if task and inputs:
        raise InputError("give either a task or samples of your own, not both")
    if mode == "accuracy" and not task and not inputs:
        raise InputError("the mode accuracy needs samples: give --task, or --samples with a file or folder")
    if padding_bytes < 0 or padding_bytes % 2:
        raise InputError(f"{padding_bytes} bytes of padding: instructions lie at even addresses from 0")
    loaded = load_task(task, as_path(data_dir)) if task else None
    chosen: Split | GivenSamples | None = None
    split_name = None
    if loaded:
        labelled, split_name = _labelled(loaded, split)
        chosen = choose_samples(labelled, samples, seed=0)
    elif inputs:
        chosen, split_name = _given(path, Path(inputs), as_path(labels), samples), Path(inputs).name
    model_id = model_id or (loaded.model_id if loaded else "custom")
    subject = Subject(path, name or path.stem, model_id, padding_bytes=padding_bytes, whole=whole)
    with Store(as_path(results_dir)) as store, BoardWorker(board, observer or Observer()) as worker:
        evaluator = Evaluator(store, toolchain, rules or MLPERF_TINY, chosen, split_name, layers, mode, load)
        return worker.evaluate(evaluator, subject)


def _given(model: Path, inputs: Path, labels: Path | None, count: int | None) -> GivenSamples:
    """Samples of the user's own, a fixed random choice of `count` of them where it is given."""
    from harness.firmware.reader import read_model

    found = read_samples(inputs, read_model(model).input.shape[1:], labels)
    if count is None or count >= len(found):
        return found
    if found.files is not None:
        raise InputError("a number of samples cannot be chosen from windows of files; leave it out")
    order = np.random.default_rng(0).permutation(len(found))
    return found.take(np.sort(order[:count]))


def _labelled(task: Task, split: str | None) -> tuple[Split, str]:
    """The split to measure accuracy on, and its name."""
    if split not in (None, *_SPLITS):
        raise InputError(f"unknown split {split!r}; choose one of {', '.join(_SPLITS)}")
    if split == "official" and task.read_official is None:
        raise InputError(f"task {task.name!r} has no official accuracy set; use --split test")
    if split == "test" or task.read_official is None:
        return task.test, "test"
    official = task.official
    assert official is not None
    return official, "official"
