"""`harness bench`."""

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from harness.cli.options import board_option, data_dir_option, results_option, toolchain_option, whole_option
from harness.cli.output import console_beside, json_option, write_json

if TYPE_CHECKING:
    from harness.measure import PerformanceRules
    from harness.store import Measurement

_PADDING_STEP_BYTES = 4


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@board_option
@click.option(
    "--mode",
    type=click.Choice(["performance", "accuracy", "memory", "energy", "profile"]),
    help="What to measure [default: latency and memory, and accuracy where samples are given].",
)
@click.option("--task", metavar="NAME", help="Measure accuracy on this task's samples: digits or kws.")
@data_dir_option
@click.option(
    "--samples",
    metavar="N|PATH",
    help="How many of the task's samples [default: all]; or samples of your own: an .npz file, or a folder with "
    "y_labels.csv.",
)
@click.option("--labels", type=click.Path(path_type=Path), help="Labels of your own samples: .csv or .npy.")
@click.option(
    "--model-id",
    metavar="ID",
    help="What the firmware answers to 'profile' [default: the task's, else custom]; samples of vww01 and ic01 "
    "travel as pixels, those of ad01 as float32.",
)
@click.option(
    "--split", type=click.Choice(["official", "test"]), help="Which samples [default: official, else test]."
)
@click.option(
    "--load",
    type=click.Choice(["swd", "serial", "serial-strict"]),
    help="How samples get into the device [default: swd where the probe can, else serial].",
)
@click.option(
    "--quick", is_flag=True, help="Five windows of three inferences in place of MLPerf Tiny's rules."
)
@click.option(
    "--windows", type=click.IntRange(1), help="Timed windows of a quick measurement; the median counts."
)
@click.option("--iterations", type=click.IntRange(1), help="Inferences in a window of a quick measurement.")
@click.option(
    "--perturb",
    type=click.IntRange(1),
    metavar="N",
    help="Measure N more images whose code is shifted, and tell how far latencies lie apart.",
)
@whole_option
@click.option("--layers", is_flag=True, help="Time each layer, and show a table of them.")
@json_option
@click.option(
    "--outputs", type=click.Path(path_type=Path), help="Write every sample's name, label and int8 outputs."
)
@toolchain_option
@results_option
def bench(
    model: Path,
    board: str,
    mode: str | None,
    task: str | None,
    data_dir: Path | None,
    samples: str | None,
    labels: Path | None,
    model_id: str | None,
    split: str | None,
    load: str | None,
    quick: bool,
    windows: int | None,
    iterations: int | None,
    perturb: int | None,
    whole: bool,
    layers: bool,
    json_path: Path | None,
    outputs: Path | None,
    toolchain: str,
    results_dir: Path,
) -> None:
    """Build, flash and measure MODEL, an int8 .tflite model, on one board.

    Latency is measured by MLPerf Tiny's rules: five windows of at least ten seconds. --quick takes moments.

    \b
    Examples:
      harness bench model.tflite --board virtual:nrf52840-dk --quick
      harness bench model.tflite --board virtual:nrf51-dk --mode profile
      harness bench model.tflite --board virtual:nrf52840-dk --mode energy --quick
      harness bench kws.tflite --board desk-nrf52 --mode accuracy --task kws --data-dir kws --json -
    """
    from harness import api
    from harness.cli.layers import layer_table
    from harness.cli.progress import TerminalObserver
    from harness.cli.row import classes_table, row_table
    from harness.errors import BoardError, DoesNotFitError, InputError
    from harness.store import Store

    count, inputs = _samples(samples, task)
    if outputs is not None and task is None and inputs is None:
        raise InputError("--outputs needs --task or --samples: without samples there are no outputs to write")
    if perturb and mode not in (None, "performance"):
        raise InputError(f"--perturb compares latencies, and the mode {mode} measures none; leave one out")
    rows: list[Measurement] = []
    with TerminalObserver() as observer:
        for step in range((perturb or 0) + 1):
            shifted = step > 0
            rows.append(
                api.bench(
                    model,
                    board,
                    task=None if shifted else task,
                    data_dir=data_dir,
                    samples=None if shifted else count,
                    split=None if shifted else split,
                    layers=layers and not shifted,
                    toolchain=toolchain,
                    rules=_rules(quick, windows, iterations),
                    mode="performance" if shifted else mode,
                    load=load,
                    inputs=None if shifted else inputs,
                    labels=None if shifted else labels,
                    model_id=model_id,
                    padding_bytes=step * _PADDING_STEP_BYTES,
                    whole=whole,
                    results_dir=results_dir,
                    observer=observer,
                )
            )
            if rows[-1].status == "failed" or rows[-1].fits is False:
                break
    row, last = rows[0], rows[-1]
    profile = api.load_layers(row, results_dir=results_dir) if row.layers_sha256 else None
    shifted_rows = {"perturbed": [asdict(other) for other in rows[1:]]} if perturb else {}
    write_json(asdict(row) | ({"layers": profile.to_json()} if profile else {}) | shifted_rows, json_path)
    if last.fits is False:
        assert last.unfit_memory and last.needed_bytes and last.available_bytes
        raise DoesNotFitError(last.kind, last.unfit_memory, last.needed_bytes, last.available_bytes)
    if last.status == "failed":
        raise BoardError(board, last.failure or "failed")
    if outputs is not None and row.outputs_sha256 is not None:
        with Store(results_dir, create=False) as store:
            try:
                shutil.copyfile(store.artifacts.path(row.outputs_sha256), outputs)
            except OSError as error:
                raise InputError(f"cannot write {outputs}: {error.strerror}") from error
    console = console_beside(json_path)
    console.print(row_table(row, rows[1:]))
    if mode == "accuracy" and row.accuracy is not None:
        console.print()
        console.print(classes_table(api.load_answers(row, results_dir=results_dir)))
    if profile is not None:
        console.print()
        console.print(layer_table(profile))


def _samples(given: str | None, task: str | None) -> tuple[int | None, Path | None]:
    """Number of samples, or where samples of the user's own are."""
    from harness.errors import InputError

    if given is None:
        return None, None
    if not given.lstrip("-").isdigit():
        return None, Path(given)
    if task is None:
        raise InputError(f"--samples {given} needs --task: say of which task, or give a file or folder")
    return int(given), None


def _rules(quick: bool, windows: int | None, iterations: int | None) -> "PerformanceRules":
    from harness.measure import MLPERF_TINY, PerformanceRules

    if not (quick or windows or iterations):
        return MLPERF_TINY
    least = PerformanceRules()
    return PerformanceRules(windows=windows or least.windows, iterations=iterations or least.iterations)
