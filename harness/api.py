"""The verbs of the harness as functions; the command line only parses and prints around them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.bench import resolve
from harness.config.kinds import load_kind
from harness.errors import InputError
from harness.firmware import Image, build_image
from harness.firmware.shrink import Shrinkage, read_array, shrink_model
from harness.measure import (
    LOADS,
    MLPERF_TINY,
    Accuracy,
    GivenSamples,
    LayerProfile,
    PerformanceRules,
    read_samples,
)
from harness.search.evaluate import MODES, Evaluator
from harness.search.limits import Limits
from harness.search.observer import Observer
from harness.search.spec import StudySpec
from harness.search.study import choose_samples, run_study
from harness.search.subject import Subject
from harness.search.worker import BoardWorker
from harness.store import Decision, Measurement, Store
from harness.tasks import Split, Task, load_task, own_task

if TYPE_CHECKING:
    import pandas as pd

    from harness.pruning import CutOverview

_SPLITS = ("official", "test")


def build(
    model: Path | str, board: str, out_dir: Path | str, *, toolchain: str = "zig", model_id: str = "custom"
) -> Image:
    """Build the firmware image of an int8 `.tflite` model for a board.

    Args:
        model: The model file.
        board: A unit of the bench file, `virtual:<kind>`, or the name of a kind.
        out_dir: Folder for `image.elf`, `image.hex` and the generated C.
        toolchain: `"zig"` or `"gcc"`.
        model_id: What the firmware answers to EnergyRunner's `profile`.

    Raises:
        InputError: The model, the board or the toolchain cannot be used.
        BuildError: The compiler refused; `DoesNotFitError` where the board is too small.
    """
    from harness.config.kinds import kind_names

    kind = board if board in kind_names() else resolve(board).kind
    return build_image(Path(model), load_kind(kind), Path(out_dir), toolchain=toolchain, model_id=model_id)


def shrink(
    model: Path | str, out: Path | str, *, samples: Path | str | None = None, random_count: int = 32
) -> Shrinkage:
    """Take the channels that carry nothing out of an int8 `.tflite` model; its answers stay the same.

    Args:
        model: The model file.
        out: File to write; a copy where there is nothing to take out.
        samples: An `.npy` file of int8 inputs `(n, ...)` to compare both models on.
        random_count: Random inputs to compare them on besides.

    Raises:
        InputError: The model or the samples cannot be used, or `out` cannot be written.
        BuildError: The two models disagree, and nothing was written.
    """
    given = None if samples is None else read_array(Path(samples))
    return shrink_model(Path(model), Path(out), samples=given, random_count=random_count)


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
        model_id: What the firmware answers to `profile`; samples of `vww01` and `ic01` travel as pixels. None for
            the task's, or `"custom"`.
        padding_bytes: Bytes to put before the code, which shifts it.
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
    loaded = load_task(task, _folder(data_dir)) if task else None
    chosen: Split | GivenSamples | None = None
    split_name = None
    if loaded:
        labelled, split_name = _labelled(loaded, split)
        chosen = choose_samples(labelled, samples, seed=0)
    elif inputs:
        chosen, split_name = _given(path, Path(inputs), _folder(labels), samples), Path(inputs).name
    model_id = model_id or (loaded.model_id if loaded else "custom")
    subject = Subject(path, path.stem, model_id, padding_bytes=padding_bytes)
    with Store(_folder(results_dir)) as store, BoardWorker(board, observer or Observer()) as worker:
        evaluator = Evaluator(store, toolchain, rules or MLPERF_TINY, chosen, split_name, layers, mode, load)
        return worker.evaluate(evaluator, subject)


def load_answers(row: Measurement, *, results_dir: Path | str | None = None) -> Accuracy:
    """What the board answered to every sample of a row.

    Args:
        row: As `bench` gave it.
        results_dir: Folder of the store that it is in.

    Raises:
        InputError: No samples were asked in this row.
        StoreError: The answers are not in the store any more.
    """
    if row.outputs_sha256 is None:
        raise InputError("no samples were asked in this run; measure it again with --task or --samples")
    with Store(_folder(results_dir), create=False) as store:
        return Accuracy.from_csv(store.artifacts.read(row.outputs_sha256).decode(), row.retries or 0)


def load_layers(row: Measurement, *, results_dir: Path | str | None = None) -> LayerProfile:
    """The cycles of each layer that were measured with a row.

    Args:
        row: As `bench(..., layers=True)` gave it.
        results_dir: Folder of the store that it is in.

    Raises:
        InputError: No layers were measured with this row.
        StoreError: The profile is not in the store any more.
    """
    if row.layers_sha256 is None:
        raise InputError("no layers were timed in this run; measure it again with --layers")
    with Store(_folder(results_dir), create=False) as store:
        return LayerProfile.from_json(json.loads(store.artifacts.read(row.layers_sha256)))


def cuts(
    model: Path | str | None = None,
    *,
    task: str | None = None,
    data_dir: Path | str | None = None,
    heads: Sequence[str] = ("aux", "adapted"),
) -> "list[CutOverview]":
    """Where a float model can be cut, and what each head there gives, before anything is trained.

    Args:
        model: A `.keras` or `.h5` file.
        task: Name of a task whose own model is taken instead.
        data_dir: The task's data, with its model beside it.
        heads: Heads to put at every cut.

    Returns:
        The unpruned model first, then cut by cut, front to back.

    Raises:
        InputError: Something given cannot be used, or the model cannot be cut.
    """
    from harness.pruning import overview
    from harness.tasks import load_reference
    from harness.tasks.model_file import load_model

    if (model is None) == (task is None):
        raise InputError("give either a model file or --task")
    if task is not None:
        return overview(load_reference(load_task(task, _folder(data_dir))), tuple(heads))
    return overview(load_model(Path(str(model))), tuple(heads))


def search(
    task: str | None,
    boards: Sequence[str],
    name: str,
    *,
    data_dir: Path | str | None = None,
    fold: int | None = None,
    model: Path | str | None = None,
    train: Path | str | None = None,
    test: Path | str | None = None,
    spec: Path | str | None = None,
    max_accuracy_drop: float | None = None,
    min_accuracy: float | None = None,
    max_latency_ms: float | None = None,
    max_flash_kb: float | None = None,
    max_ram_kb: float | None = None,
    heads: Sequence[str] = ("aux", "dense"),
    samples: int | None = None,
    recipe: str = "quick",
    frozen: bool = True,
    seed: int = 0,
    toolchain: str = "zig",
    reference: Path | str | None = None,
    rules: PerformanceRules | None = None,
    results_dir: Path | str | None = None,
    observer: Observer | None = None,
) -> Mapping[str, Decision]:
    """Train, build and measure every cut with every head on the boards, and choose one for each board.

    A study that was stopped goes on where it was when it is asked again under the same name.

    Args:
        task: Name of the task; None for a model of the user's own.
        boards: Units of the bench file or `virtual:<kind>`.
        name: Of the study.
        data_dir: The task's data.
        fold: The fold to test on, for tasks whose data comes in folds.
        model: The user's own Keras model, in place of a task.
        train: Its training samples, an `.npz` file with `x` and `y`.
        test: Its test samples.
        spec: TOML file with the names of its classes and the like (see `harness.tasks.own.OwnSpec`).
        max_accuracy_drop: Percentage points below the unpruned model that are allowed.
        min_accuracy: Least accuracy, a fraction in [0, 1].
        max_latency_ms: Most milliseconds of one inference.
        max_flash_kb: Most flash of the image, in units of 1024 bytes.
        max_ram_kb: Most RAM, in units of 1024 bytes.
        heads: Heads to try.
        samples: Test samples asked while searching; None for all. The final figures use all.
        recipe: Training recipe.
        frozen: Whether the kept part's weights stay as they are.
        seed: Of all random choices.
        toolchain: `"zig"` or `"gcc"`.
        reference: The user's own float model (`.keras`) in place of the task's.
        rules: How latency is measured.
        results_dir: Folder of the store.
        observer: Told of the progress.

    Returns:
        Board -> decision. The rows are in the store: `load_results(name)`.

    Raises:
        InputError: Something given cannot be used.
        BuildError: The compiler refused.
        BoardError: A board cannot be opened.
    """
    study = StudySpec(
        name=name,
        task=_task_of(task, _folder(data_dir), fold, *map(_folder, (model, train, test, spec))),
        boards={board: resolve(board).kind for board in dict.fromkeys(boards)},
        limits=Limits(max_accuracy_drop, min_accuracy, max_latency_ms, max_flash_kb, max_ram_kb),
        heads=tuple(heads),
        samples=samples,
        recipe=recipe,
        frozen=frozen,
        seed=seed,
        toolchain=toolchain,
        reference=_folder(model) if task is None else _folder(reference),
        rules=rules or PerformanceRules(),
    )
    with Store(_folder(results_dir)) as store:
        return run_study(study, store, observer or Observer())


def load_results(study: str | None = None, *, results_dir: Path | str | None = None) -> "pd.DataFrame":
    """Measurements as a pandas frame, a row each, units in the column names.

    Args:
        study: Only those of this study; None for all.
        results_dir: Folder of the store.

    Raises:
        InputError: There is no such study or no store.
    """
    with Store(_folder(results_dir), create=False) as store:
        if study is not None:
            store.study(study)
        return store.frame(study)


def _task_of(
    name: str | None,
    data_dir: Path | None,
    fold: int | None,
    model: Path | None,
    train: Path | None,
    test: Path | None,
    spec: Path | None,
) -> Task:
    """The task called `name`, or one made of the user's own files."""
    own = [path is not None for path in (model, train, test)]
    if name is not None:
        if any(own) or spec is not None:
            raise InputError("give either --task or a model of your own (--model, --train, --test), not both")
        return load_task(name, data_dir, fold)
    if model is None or train is None or test is None:
        raise InputError("give --task, or a model of your own with --model, --train and --test together")
    if fold is not None:
        raise InputError("--fold is for tasks; a model of your own is tested on the file of --test")
    return own_task(model, train, test, spec)


def _folder(path: Path | str | None) -> Path | None:
    return None if path is None else Path(path)


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
