"""The choice of a candidate."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from harness.api.folders import as_path
from harness.errors import InputError
from harness.measure import PerformanceRules
from harness.pruning import UNPRUNED
from harness.search.budgets import ChannelBudget
from harness.search.crew import Crew
from harness.search.limits import Limits
from harness.search.observer import Observer
from harness.search.spec import StudySpec
from harness.search.study import run_study
from harness.store import Decision, Store
from harness.tasks import Task, load_task, own_task


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
    max_energy_uj: float | None = None,
    objective: str = "latency",
    cuts: Sequence[str] = (),
    heads: Sequence[str] = ("aux", "dense"),
    tails: Sequence[str] = ("frozen",),
    widths: Sequence[float] = (1.0,),
    width_trials: int = 0,
    seeds: Sequence[int] = (0,),
    exhaustive: bool = False,
    samples: int | None = None,
    channels: int = 0,
    channel_budgets: Sequence[str] = (),
    channels_after: Sequence[str] = (UNPRUNED,),
    channels_recipe: str | None = None,
    sparse: float | None = None,
    recipe: str = "quick",
    seed: int = 0,
    toolchain: str = "zig",
    reference: Path | str | None = None,
    rules: PerformanceRules | None = None,
    results_dir: Path | str | None = None,
    observer: Observer | None = None,
    executor: str | None = None,
) -> Mapping[str, Decision]:
    """Measure every cut with every head on the boards, train what can still win, choose one for each board.

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
        max_energy_uj: Most microjoules of one inference; every board needs a power meter.
        objective: `"latency"`, `"flash"`, `"accuracy"` or `"pareto"`: what is best within the limits.
        cuts: Cut points to try; all where none is named, and none where it is `"none"`.
        heads: Heads to try.
        tails: `"frozen"`, `"unfrozen"` or both: what becomes of the kept part's weights.
        widths: Factors on the heads' channels to try.
        width_trials: Trials of heads of other widths, on each board.
        seeds: Of training, to try.
        exhaustive: Train and fully measure every candidate.
        samples: Most test samples asked while searching; None for all. The final figures use all.
        channels: Trials of models with fewer channels, on each board.
        channel_budgets: Such as `c55-f90`, for 55 % of the cycles and 90 % of the flash: tried beside them.
        channels_after: Names of the candidates that these trials start from, such as `unpruned` and `block2-aux`.
        channels_recipe: Training recipe of these trials; None for `recipe`.
        sparse: Share of the weights, between 0 and 1, that are 0 in one more candidate; None for none.
        recipe: Training recipe.
        seed: Of the order of the samples.
        toolchain: `"zig"` or `"gcc"`.
        reference: The user's own float model (`.keras`) in place of the task's.
        rules: How latency is measured.
        results_dir: Folder of the store.
        observer: Told of the progress.
        executor: `dask://HOST:PORT`, to train and measure on the workers of a farm; None for this machine.

    Returns:
        Board -> decision. The rows are in the store: `load_results(name)`.

    Raises:
        InputError: Something given cannot be used.
        BuildError: The compiler refused.
        BoardError: A board cannot be opened.
    """
    with ExitStack() as stack:
        crew = _crew(executor, stack)
        study = StudySpec(
            name=name,
            task=_task_of(task, as_path(data_dir), fold, *map(as_path, (model, train, test, spec))),
            boards={board: crew.kind_of(board) for board in dict.fromkeys(boards)},
            limits=Limits(
                max_accuracy_drop, min_accuracy, max_latency_ms, max_flash_kb, max_ram_kb, max_energy_uj
            ),
            objective=objective,
            cuts=tuple(cuts),
            heads=tuple(heads),
            tails=tuple(tails),
            widths=tuple(widths),
            width_trials=width_trials,
            seeds=tuple(seeds),
            exhaustive=exhaustive,
            samples=samples,
            channels=channels,
            channel_budgets=tuple(dict.fromkeys(map(ChannelBudget.parse, channel_budgets))),
            channels_after=tuple(channels_after),
            channels_recipe=channels_recipe,
            sparsity=sparse,
            recipe=recipe,
            seed=seed,
            toolchain=toolchain,
            reference=as_path(model) if task is None else as_path(reference),
            rules=rules or PerformanceRules(),
        )
        with Store(as_path(results_dir)) as store:
            return run_study(study, store, observer or Observer(), crew)


def _crew(executor: str | None, stack: ExitStack) -> Crew:
    """This process, or the farm, to which the connection lasts as long as the stack."""
    if executor is None:
        return Crew()
    from harness.farm.client import Farm
    from harness.farm.crew import FarmCrew

    return FarmCrew(stack.enter_context(Farm(executor)))


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
