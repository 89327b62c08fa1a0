"""`harness export`."""

from pathlib import Path

import rich_click as click

from harness.cli.options import results_option


@click.command()
@click.argument("study", required=False)
@click.option("--csv", "csv_file", required=True, type=click.Path(path_type=Path), help="File to write.")
@results_option
def export(study: str | None, csv_file: Path, results_dir: Path) -> None:
    """Write the measurements of STUDY (or all) as CSV, a row each, units in the column names.

    \b
    Example:
      harness export first --csv first.csv
    """
    from harness.store import Store

    with Store(results_dir, create=False) as store:
        click.echo(store.export_csv(study, csv_file))
