"""How a study's outcome is shown and where its files go."""

from pathlib import Path

from rich.console import Console

from harness.report.html import write_report
from harness.report.table import study_table
from harness.search.effort import effort_lines
from harness.store import Store


def write_results(study: str, results_dir: Path, console: Console) -> None:
    """Print the study's table and decisions; write `report.html` and `results.csv` beside the store."""
    folder = results_dir / "studies" / study
    csv = folder / "results.csv"
    with Store(results_dir, create=False) as store:
        report = write_report(store, study, folder / "report.html")
        store.export_csv(study, csv)
        console.print(study_table(store, study))
        for line in effort_lines(store.study(study)):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(f"report  {report}\nresults {csv}", highlight=False, markup=False, soft_wrap=True)
