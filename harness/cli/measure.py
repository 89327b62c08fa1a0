"""`harness measure`."""

from dataclasses import asdict
from pathlib import Path

import rich_click as click

from harness.cli.options import data_dir_option, results_option
from harness.cli.output import console_beside, json_option, write_json


@click.command()
@click.option(
    "--port", required=True, metavar="PORT", help="Serial port, or a URL such as socket://host:port."
)
@click.option("--baud", type=click.IntRange(1), default=115_200, show_default=True, help="Its speed.")
@click.option(
    "--task",
    required=True,
    type=click.Choice(["kws", "vww", "ic", "ad"]),
    help="MLPerf Tiny's benchmark that the firmware runs.",
)
@data_dir_option
@click.option("--samples", type=click.IntRange(1), help="How many samples for the accuracy [default: all].")
@click.option(
    "--mode",
    type=click.Choice(["performance", "accuracy"]),
    help="What to measure [default: latency, and accuracy where data is given].",
)
@click.option(
    "--quick", is_flag=True, help="Five windows of three inferences in place of MLPerf Tiny's rules."
)
@click.option(
    "--model", type=click.Path(path_type=Path), help="The .tflite file that the firmware runs, for the row."
)
@json_option
@results_option
def measure(
    port: str,
    baud: int,
    task: str,
    data_dir: Path | None,
    samples: int | None,
    mode: str | None,
    quick: bool,
    model: Path | None,
    json_path: Path | None,
    results_dir: Path,
) -> None:
    """Measure a device with firmware that was not built here, such as MLPerf Tiny's reference.

    Nothing is built or flashed, no debug probe is used, and the device is asked nothing that EnergyRunner
    would not ask.

    \b
    Examples:
      harness measure --port /dev/ttyACM0 --task kws --quick
      harness measure --port /dev/ttyACM0 --baud 921600 --task vww --data-dir vww01 --mode accuracy
    """
    from harness.cli.progress import TerminalObserver
    from harness.cli.row import row_table
    from harness.measure import MLPERF_TINY, PerformanceRules
    from harness.search.port import PortRun, measure_port
    from harness.store import Store

    run = PortRun(
        port=port,
        task=task,
        baud=baud,
        data=data_dir,
        samples=samples,
        mode=mode,
        rules=PerformanceRules() if quick else MLPERF_TINY,
        model=model,
    )
    with Store(results_dir) as store, TerminalObserver() as observer:
        row = measure_port(
            store, run, lambda phase, done, total: observer.measuring(run.board, task, phase, done, total)
        )
    write_json(asdict(row), json_path)
    console_beside(json_path).print(row_table(row))
