"""`harness worker`."""

from pathlib import Path

import rich_click as click

from harness.cli.output import STDOUT, json_option, write_json


@click.command()
@click.option("--scheduler", required=True, metavar="dask://HOST:PORT", help="Where the farm's scheduler is.")
@click.option(
    "--board",
    "boards",
    multiple=True,
    metavar="NAME",
    help="Offer this board. May be repeated [default: all of the bench file].",
)
@click.option("--train/--no-train", default=True, show_default=True, help="Whether this machine trains too.")
@json_option
def worker(scheduler: str, boards: tuple[str, ...], train: bool, json_path: Path | None) -> None:
    """Offer this machine's boards, and its processor for training, to searches on other machines.

    Start `dask scheduler` on one machine, this on each machine with boards, and search with --executor.

    \b
    Examples:
      harness worker --scheduler dask://lab:8786
      harness worker --scheduler dask://lab:8786 --board desk-nrf52 --no-train
    """
    from harness.bench import resolve
    from harness.bench.inventory import load_bench
    from harness.errors import InputError
    from harness.farm.serve import serve

    units = [resolve(board) for board in boards] if boards else list(load_bench().values())
    if not units and not train:
        raise InputError("no board and no training: name a board with --board, or add one to the bench file")
    names = {unit.name: unit.kind for unit in units}

    def ready(address: str) -> None:
        write_json({"address": address, "boards": names, "training": train}, json_path)
        if json_path == STDOUT:
            return
        offer = [*names, *(["training"] if train else [])]
        click.echo(f"{address} offers {', '.join(offer)}; Ctrl-C ends it.")

    serve(scheduler, names, trains=train, on_ready=ready)
