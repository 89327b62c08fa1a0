"""`harness report`."""

from pathlib import Path

import rich_click as click

from harness.cli.options import results_option
from harness.cli.output import STDOUT, json_option, write_json


@click.command()
@click.argument("study")
@click.option("--out", type=click.Path(path_type=Path), help="HTML file [default: in the study's folder].")
@click.option(
    "--svg", "svg_dir", type=click.Path(path_type=Path), help="Also write each chart as SVG into this folder."
)
@click.option("--open", "open_it", is_flag=True, help="Open it in the browser.")
@json_option
@results_option
def report(
    study: str,
    out: Path | None,
    svg_dir: Path | None,
    open_it: bool,
    json_path: Path | None,
    results_dir: Path,
) -> None:
    """Write the report of STUDY, one HTML file that works offline.

    \b
    Example:
      harness report first --open
      harness report first --svg figures
    """
    from harness.report.html import write_report
    from harness.report.svg import write_svgs
    from harness.store import Store

    with Store(results_dir, create=False) as store:
        path = write_report(store, study, out or results_dir / "studies" / study / "report.html")
        drawn = write_svgs(store, study, svg_dir) if svg_dir else []
    write_json({"html": str(path), "svg": [str(chart) for chart in drawn]}, json_path)
    for written in () if json_path == STDOUT else (path, *drawn):
        click.echo(written)
    if open_it:
        click.launch(str(path))
