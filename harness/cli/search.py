"""`harness search`."""

from pathlib import Path

import rich_click as click

from harness.cli.options import boards_option, data_dir_option, results_option, toolchain_option
from harness.cli.output import console_beside, json_option, write_json


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
@click.option("--study", required=True, metavar="NAME", help="Name to store it under; the same name goes on.")
@click.option(
    "--max-accuracy-drop", type=float, metavar="POINTS", help="Below the unpruned model, in points."
)
@click.option("--min-accuracy", type=float, metavar="SHARE", help="Least accuracy, 0 to 1.")
@click.option("--max-latency-ms", type=float, help="Most milliseconds of one inference.")
@click.option("--max-flash-kb", type=float, help="Most flash of the image (1 KB = 1024 bytes).")
@click.option("--max-ram-kb", type=float, help="Most RAM (1 KB = 1024 bytes).")
@click.option(
    "--head",
    "heads",
    multiple=True,
    default=("aux", "dense"),
    show_default=True,
    help="Heads to try: aux, dense, gap, adapted; none is the unpruned model trained as long.",
)
@click.option(
    "--samples", type=int, help="Test samples while searching [default: all]; the final figure uses all."
)
@click.option(
    "--recipe",
    default="quick",
    show_default=True,
    help="Training recipe: quick, quick-augmented, quick-distilled, paper-kws, paper-vww.",
)
@click.option(
    "--frozen/--unfrozen", default=True, show_default=True, help="Keep the weights in front of the cut."
)
@click.option(
    "--reference", type=click.Path(path_type=Path), help="Your own float model in place of the task's."
)
@click.option("--seed", type=int, default=0, show_default=True)
@json_option
@toolchain_option
@results_option
def search(
    task: str | None,
    data_dir: Path | None,
    fold: int | None,
    model: Path | None,
    train: Path | None,
    test: Path | None,
    spec: Path | None,
    boards: tuple[str, ...],
    study: str,
    max_accuracy_drop: float | None,
    min_accuracy: float | None,
    max_latency_ms: float | None,
    max_flash_kb: float | None,
    max_ram_kb: float | None,
    heads: tuple[str, ...],
    samples: int | None,
    recipe: str,
    frozen: bool,
    reference: Path | None,
    seed: int,
    json_path: Path | None,
    toolchain: str,
    results_dir: Path,
) -> None:
    """Measure every cut with every head on the boards and choose one for each board.

    Stopped at any moment, the same command goes on where it was.

    \b
    Examples:
      harness search --task digits --board virtual:nrf51-dk --max-accuracy-drop 2 --study first
      harness search --task kws --data-dir kws --board desk-nrf52 --max-latency-ms 60 --study kws
      harness search --model my.keras --train train.npz --test test.npz --board desk-nrf52 --study mine
    """
    from harness import api
    from harness.cli.progress import TerminalObserver
    from harness.cli.results import write_results
    from harness.errors import SearchError

    with TerminalObserver() as observer:
        decisions = api.search(
            task,
            boards,
            study,
            data_dir=data_dir,
            fold=fold,
            model=model,
            train=train,
            test=test,
            spec=spec,
            max_accuracy_drop=max_accuracy_drop,
            min_accuracy=min_accuracy,
            max_latency_ms=max_latency_ms,
            max_flash_kb=max_flash_kb,
            max_ram_kb=max_ram_kb,
            heads=heads,
            samples=samples,
            recipe=recipe,
            frozen=frozen,
            seed=seed,
            toolchain=toolchain,
            reference=reference,
            results_dir=results_dir,
            observer=observer,
        )
    write_results(study, results_dir, console_beside(json_path))
    write_json({board: vars(decision) for board, decision in decisions.items()}, json_path)
    undecided = [board for board, decision in decisions.items() if decision.candidate is None]
    if undecided:
        raise SearchError(
            f"nothing within the limits on {', '.join(undecided)}; loosen a limit or add a head"
        )
