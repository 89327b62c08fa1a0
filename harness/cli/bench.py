"""`harness bench`."""

import shutil
from dataclasses import asdict
from pathlib import Path

import rich_click as click

from harness.cli.options import board_option, data_dir_option, results_option, toolchain_option
from harness.cli.output import console_beside, json_option, write_json


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@board_option
@click.option("--task", metavar="NAME", help="Measure accuracy on this task's samples: digits or kws.")
@data_dir_option
@click.option("--samples", type=int, help="How many samples [default: all].")
@click.option(
    "--split", type=click.Choice(["official", "test"]), help="Which samples [default: official, else test]."
)
@click.option(
    "--windows",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Timed windows; the median counts.",
)
@click.option(
    "--iterations", type=click.IntRange(1), default=3, show_default=True, help="Inferences in a window."
)
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
    task: str | None,
    data_dir: Path | None,
    samples: int | None,
    split: str | None,
    windows: int,
    iterations: int,
    layers: bool,
    json_path: Path | None,
    outputs: Path | None,
    toolchain: str,
    results_dir: Path,
) -> None:
    """Build, flash and measure MODEL, an int8 .tflite classifier, on one board.

    \b
    Examples:
      harness bench model.tflite --board virtual:nrf52840-dk
      harness bench model.tflite --board virtual:nrf51-dk --layers
      harness bench kws.tflite --board desk-nrf52 --task kws --data-dir kws --json -
    """
    from harness import api
    from harness.cli.layers import layer_table
    from harness.cli.progress import TerminalObserver
    from harness.cli.row import row_table
    from harness.errors import BoardError, DoesNotFitError, InputError
    from harness.measure import PerformanceRules
    from harness.store import Store

    if outputs is not None and task is None:
        raise InputError("--outputs needs --task: without samples there are no outputs to write")
    with TerminalObserver() as observer:
        row = api.bench(
            model,
            board,
            task=task,
            data_dir=data_dir,
            samples=samples,
            split=split,
            layers=layers,
            toolchain=toolchain,
            rules=PerformanceRules(windows=windows, iterations=iterations),
            results_dir=results_dir,
            observer=observer,
        )
    profile = api.load_layers(row, results_dir=results_dir) if row.layers_sha256 else None
    write_json(asdict(row) | ({"layers": profile.to_json()} if profile else {}), json_path)
    if row.fits is False:
        assert row.unfit_memory and row.needed_bytes and row.available_bytes
        raise DoesNotFitError(row.kind, row.unfit_memory, row.needed_bytes, row.available_bytes)
    if row.status == "failed":
        raise BoardError(board, row.failure or "failed")
    if outputs is not None and row.outputs_sha256 is not None:
        with Store(results_dir, create=False) as store:
            try:
                shutil.copyfile(store.artifacts.path(row.outputs_sha256), outputs)
            except OSError as error:
                raise InputError(f"cannot write {outputs}: {error.strerror}") from error
    console = console_beside(json_path)
    console.print(row_table(row))
    if profile is not None:
        console.print()
        console.print(layer_table(profile))
