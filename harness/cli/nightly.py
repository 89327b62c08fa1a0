"""`harness nightly`."""

from pathlib import Path

import rich_click as click

from harness.cli.options import results_option


@click.group()
def nightly() -> None:
    """Measure a plan again and again, and tell what got worse."""


@nightly.command("run")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--junit", type=click.Path(path_type=Path), help="JUnit XML file to write.")
@results_option
@click.pass_context
def run(context: click.Context, plan: Path, junit: Path | None, results_dir: Path) -> None:
    """Measure every job of PLAN on its boards and compare with the median of the last good runs.

    Exit codes: 0 all is well, 1 something got worse, 3 a board failed.

    \b
    Example:
      harness nightly run nightly.toml --junit nightly.xml
    """
    from rich.console import Console

    from harness import api
    from harness.measure import PerformanceRules
    from harness.nightly import Job, Outcome, read_plan, run_plan, write_junit
    from harness.store import Measurement, Store

    console = Console()

    def measure(job: Job, board: str) -> Measurement:
        return api.bench(
            job.model,
            board,
            task=job.task,
            data_dir=job.data_dir,
            samples=job.samples,
            rules=PerformanceRules(),
            results_dir=results_dir,
        )

    def show(outcome: Outcome) -> None:
        state = outcome.failure or "; ".join(item.sentence for item in outcome.regressions) or "fine"
        console.print(f"{outcome.job} on {outcome.board}: {state}", highlight=False, markup=False)

    read = read_plan(plan)
    with Store(results_dir) as store:
        result = run_plan(read, measure, store, show)
    if junit is not None:
        write_junit(result, junit)
    context.exit(result.exit_code)
