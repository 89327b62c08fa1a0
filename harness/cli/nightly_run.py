"""`harness nightly run`."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from harness.cli.options import results_option
from harness.cli.output import STDOUT, console_beside, json_option, write_json

if TYPE_CHECKING:
    from harness.nightly import Budget, Plan
    from harness.nightly.observer import NightObserver
    from harness.nightly.run import Measure
    from harness.store import Store


@click.command()
@click.argument("plan_file", metavar="[PLAN]", type=click.Path(path_type=Path), default=Path("nightly.toml"))
@click.option(
    "--plan", "only_plan", is_flag=True, help="Only show what would be measured; no board is touched."
)
@click.option(
    "--junit", type=click.Path(path_type=Path), help="JUnit XML file to write besides the night's own."
)
@json_option
@results_option
@click.pass_context
def run(
    context: click.Context,
    plan_file: Path,
    only_plan: bool,
    junit: Path | None,
    json_path: Path | None,
    results_dir: Path,
) -> None:
    """Measure every job of PLAN on its boards and compare with the median of the last good runs.

    Each board must first answer rightly with a known-good image. Files of the night, with trend charts, go
    to nightly/ in the results folder. PLAN is nightly.toml where it is not given.

    Exit codes: 0 all is well, 1 something got worse, 3 nothing known got worse but not all was measured.

    \b
    Examples:
      harness nightly run --plan
      harness nightly run nightly.toml --junit nightly.xml
    """
    from harness.cli.nightly_progress import TerminalNight
    from harness.nightly import read_plan
    from harness.nightly.night import hold_night
    from harness.store import Store

    plan = read_plan(plan_file)
    if only_plan:
        _show_plan(plan, json_path)
        return
    console = console_beside(json_path)

    with Store(results_dir) as store, TerminalNight(console) as observer:
        measuring = _measuring(plan, store, observer)
        ended = hold_night(plan, plan_file, store, measuring, junit=junit, observer=observer)
    write_json(asdict(ended.night) | {"folder": str(ended.folder)}, json_path)
    console.print(f"{ended.night.summary}\n{ended.folder}", highlight=False, markup=False, soft_wrap=True)
    if ended.notification_failure:
        click.echo(f"Warning: {ended.notification_failure}", err=True)
    context.exit(ended.exit_code)


def _measuring(plan: "Plan", store: "Store", observer: "NightObserver") -> "Callable[[Budget], Measure]":
    """What measures a job on a board within a budget."""
    from harness import api
    from harness.measure import MLPERF_TINY, PerformanceRules
    from harness.nightly import Budget, BudgetObserver, Job
    from harness.nightly.models import model_of
    from harness.store import Measurement

    def within(budget: Budget) -> "Measure":
        def measure(job: Job, board: str, mode: str) -> Measurement:
            model = model_of(job, board, store)
            return api.bench(
                model.path,
                board,
                name=model.name,
                mode=None if mode == "all" else mode,
                task=job.task if mode in ("all", "accuracy") else None,
                data_dir=job.data_dir if mode in ("all", "accuracy") else None,
                samples=job.samples if mode in ("all", "accuracy") else None,
                rules=MLPERF_TINY if plan.rules == "mlperf-tiny" else PerformanceRules(),
                results_dir=store.folder,
                observer=BudgetObserver(budget, observer),
            )

        return measure

    return within


def _show_plan(plan: "Plan", json_path: Path | None) -> None:
    from rich.console import Console
    from rich.table import Table

    rows = [
        {"board": board, "job": job.name, "mode": mode, "model": str(job.model or f"study {job.study}")}
        for board in plan.boards
        for job, mode in plan.work_of(board)
    ]
    write_json(rows, json_path)
    if json_path == STDOUT:
        return
    table = Table("board", "job", "mode", "model", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row.values())
    Console().print(table)
