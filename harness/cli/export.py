"""`harness export`."""

from pathlib import Path

import rich_click as click

from harness.cli.filters import filter_options
from harness.cli.options import results_option
from harness.cli.output import STDOUT, json_option, write_json


@click.command()
@click.argument("study", required=False)
@click.option("--csv", "csv_file", required=True, type=click.Path(path_type=Path), help="File to write.")
@filter_options
@json_option
@results_option
def export(
    study: str | None, csv_file: Path, filters: dict[str, str], json_path: Path | None, results_dir: Path
) -> None:
    """Write the measurements of STUDY (or all) as CSV, a row each, units in the column names.

    \b
    Examples:
      harness export first --csv first.csv
      harness export --board desk-nrf52 --status ok --csv desk.csv
    """
    from harness.store import Store

    with Store(results_dir, create=False) as store:
        rows = store.export_csv(study, csv_file, **filters)
    write_json({"csv": str(csv_file), "rows": rows}, json_path)
    if json_path != STDOUT:
        click.echo(f"{csv_file}: {rows} row{'' if rows == 1 else 's'}")
