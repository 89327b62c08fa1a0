"""`harness submission`."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import rich_click as click

from harness.cli.options import board_option, results_option
from harness.cli.output import STDOUT, json_option, write_json

if TYPE_CHECKING:
    from harness.report.submission_rules import Division


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--model", required=True, type=click.Path(path_type=Path), help="The .tflite file that was measured."
)
@board_option
@click.option("--benchmark", required=True, type=click.Choice(["kws", "vww", "ic", "ad"]), help="Which one.")
@click.option("--org", "organisation", required=True, metavar="NAME", help="Who submits: a folder's name.")
@click.option(
    "--division",
    type=click.Choice(["open", "closed"]),
    default="open",
    show_default=True,
    help="Pruned models and models trained here belong in open.",
)
@click.option("--system", metavar="NAME", help="Name of the system [default: the board's kind].")
@click.option(
    "--status",
    type=click.Choice(["available", "preview", "rdi"]),
    default="available",
    show_default=True,
    help="How far the system can be had.",
)
@click.option(
    "--given-weights",
    is_flag=True,
    help="State that the model has all of the reference model's weights (closed division).",
)
@click.option(
    "--rehearsal",
    is_flag=True,
    help="Allow an emulated board; every file is marked as no result of hardware.",
)
@json_option
@results_option
def submission(
    folder: Path,
    model: Path,
    board: str,
    benchmark: str,
    organisation: str,
    division: str,
    system: str | None,
    status: str,
    given_weights: bool,
    rehearsal: bool,
    json_path: Path | None,
    results_dir: Path,
) -> None:
    """Write stored results into DIR in MLPerf Tiny's submission layout, if its rules allow them.

    Measure first, latency and accuracy in one run; run this once for each board and benchmark.

    \b
    Examples:
      harness bench kws.tflite --board desk-nrf52 --task kws --data-dir data
      harness submission mlperf --model kws.tflite --board desk-nrf52 --benchmark kws --org Example
    """
    from harness.report.submission import Entry, write_submission
    from harness.store import Store

    entry = Entry(
        organisation=organisation,
        benchmark=benchmark,
        model=model,
        board=board,
        division=cast("Division", division),
        status=status,
        system=system,
        given_weights=given_weights,
        rehearsal=rehearsal,
    )
    with Store(results_dir, create=False) as store:
        written = write_submission(store, entry, folder)
    write_json({"folder": str(written)}, json_path)
    if json_path != STDOUT:
        click.echo(written)
