"""`harness search`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import rich_click as click

from harness.cli.options import boards_option, data_dir_option, results_option, toolchain_option
from harness.cli.output import console_beside, json_option, write_json


class ListOf(click.ParamType[Any]):
    """Values separated by commas."""

    name = "list"

    def __init__(self, item: Callable[[str], Any], what: str) -> None:
        self._item = item
        self._what = what

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return tuple(self._item(part.strip()) for part in value.split(",") if part.strip())
        except ValueError:
            self.fail(f"{value!r} is not a list of {self._what} separated by commas")


def _joined(context: click.Context, parameter: click.Parameter, lists: Any) -> tuple[str, ...]:
    """The values of all mentions of an option, each once."""
    return tuple(dict.fromkeys(value for values in lists for value in values))


@click.command()
@click.option("--task", metavar="NAME", help="Task: digits (bundled), kws, vww or ic.")
@data_dir_option
@click.option("--fold", type=int, help="Fold to test on, 0 to 4 [kws, vww; default: 0].")
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="Your own Keras model in place of a task, with --train and --test.",
)
@click.option("--train", type=click.Path(path_type=Path), help="Its training samples: .npz with x and y.")
@click.option("--test", type=click.Path(path_type=Path), help="Its test samples: .npz with x and y.")
@click.option(
    "--spec", type=click.Path(path_type=Path), help="TOML file: names of its classes, scale of inputs, ..."
)
@boards_option
@click.option(
    "--study", "name", required=True, metavar="NAME", help="Name to store it under; the same name goes on."
)
@click.option(
    "--max-accuracy-drop", type=float, metavar="POINTS", help="Below the unpruned model, in points."
)
@click.option("--min-accuracy", type=float, metavar="SHARE", help="Least accuracy, 0 to 1.")
@click.option("--max-latency-ms", type=float, help="Most milliseconds of one inference.")
@click.option("--max-flash-kb", type=float, help="Most flash of the image (1 KB = 1024 bytes).")
@click.option("--max-ram-kb", type=float, help="Most RAM (1 KB = 1024 bytes).")
@click.option(
    "--max-energy-uj", type=float, help="Most microjoules of one inference; every board needs a power meter."
)
@click.option(
    "--objective",
    type=click.Choice(["latency", "flash", "accuracy", "pareto"]),
    default="latency",
    show_default=True,
    help="What is best within the limits.",
)
@click.option(
    "--cuts",
    type=ListOf(str, "names"),
    default="",
    help="Cut points to try, or none [default: all; see harness cuts].",
)
@click.option(
    "--head",
    "--heads",
    "heads",
    multiple=True,
    type=ListOf(str, "names"),
    callback=_joined,
    default=("aux,dense",),
    show_default=True,
    metavar="LIST",
    help="Heads to try: aux, dense, gap, adapted; none is the unpruned model trained as long.",
)
@click.option(
    "--tails",
    type=ListOf(str, "names"),
    default="frozen",
    show_default=True,
    help="The weights in front of the cut: frozen, unfrozen or both.",
)
@click.option(
    "--widths",
    type=ListOf(float, "numbers"),
    default="1",
    show_default=True,
    help="Factors on the heads' channels.",
)
@click.option(
    "--width-trials",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="Trials of heads of other widths, proposed by what was measured, on each board.",
)
@click.option(
    "--seeds", type=ListOf(int, "whole numbers"), default="0", show_default=True, help="Seeds of training."
)
@click.option("--exhaustive", is_flag=True, help="Train every candidate and ask it for all samples.")
@click.option(
    "--samples", type=int, help="Most test samples while searching [default: all]; the final figure uses all."
)
@click.option(
    "--channels",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="Trials of models with fewer channels, on each board.",
)
@click.option(
    "--channel-budgets",
    type=ListOf(str, "names"),
    default="",
    help="More trials, at these shares of the cycles and of flash, such as c80,c55-f90.",
)
@click.option(
    "--channels-after",
    type=ListOf(str, "names"),
    default="unpruned",
    show_default=True,
    help="Candidates that these trials start from, such as unpruned,block2-aux.",
)
@click.option(
    "--channels-recipe", metavar="NAME", help="Training recipe of these trials [default: that of --recipe]."
)
@click.option(
    "--sparse", type=float, metavar="SHARE", help="One more candidate with this share of its weights 0."
)
@click.option(
    "--recipe",
    default="quick",
    show_default=True,
    help="Training recipe: quick, quick-augmented, taught, paper-kws, paper-vww.",
)
@click.option(
    "--reference", type=click.Path(path_type=Path), help="Your own float model in place of the task's."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the order of samples.")
@click.option(
    "--executor",
    metavar="dask://HOST:PORT",
    help="Train and measure on the workers of a farm (see harness worker) [default: this machine].",
)
@json_option
@toolchain_option
@results_option
def search(
    task: str | None,
    boards: tuple[str, ...],
    name: str,
    json_path: Path | None,
    results_dir: Path,
    **options: Any,
) -> None:
    """Measure every cut with every head on the boards and choose one for each board.

    All are built and timed untrained; only those that can still win are trained, and asked for samples until their
    accuracy is decided. Stopped at any moment, the same command goes on where it was.

    \b
    Examples:
      harness search --task digits --board virtual:nrf51-dk --max-accuracy-drop 2 --study first
      harness search --task kws --data-dir kws --board desk-nrf52 --max-latency-ms 60 --study kws
      harness search --task kws --data-dir kws --board desk-nrf52 --heads aux,adapted --tails frozen,unfrozen \\
              --objective accuracy --max-flash-kb 32 --study small
      harness search --task digits --board virtual:nrf51-dk --max-accuracy-drop 2 --channels 10 \\
              --channels-after unpruned,block2-dense --study width
      harness search --model my.keras --train train.npz --test test.npz --board desk-nrf52 --study mine
    """
    from harness import api
    from harness.cli.progress import TerminalObserver
    from harness.cli.results import write_results
    from harness.errors import SearchError

    with TerminalObserver() as observer:
        decisions = api.search(task, boards, name, results_dir=results_dir, observer=observer, **options)
    write_results(name, results_dir, console_beside(json_path))
    write_json({board: vars(decision) for board, decision in decisions.items()}, json_path)
    undecided = [decision.sentence for decision in decisions.values() if decision.candidate is None]
    if undecided:
        raise SearchError(f"{' '.join(undecided)} Loosen a limit or add a head")
