"""`harness cuts`."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from rich.table import Table

from harness.cli.options import data_dir_option
from harness.cli.output import console_beside, json_option, write_json

if TYPE_CHECKING:
    from harness.pruning import CutOverview


@click.command()
@click.argument("model", required=False, type=click.Path(path_type=Path))
@click.option("--task", metavar="NAME", help="A task's own model in place of a file: digits, kws, vww or ic.")
@data_dir_option
@click.option(
    "--head",
    "heads",
    multiple=True,
    default=("aux", "adapted"),
    show_default=True,
    help="Heads to put there: aux, dense, gap, adapted.",
)
@json_option
def cuts(
    model: Path | None,
    task: str | None,
    data_dir: Path | None,
    heads: tuple[str, ...],
    json_path: Path | None,
) -> None:
    """List where MODEL, a .keras or .h5 file, can be cut, and what each head there gives. Nothing is trained.

    Peak RAM is that of int8 activations as an interpreter plans them; the firmware built here may need less.

    \b
    Examples:
      harness cuts my.keras
      harness cuts --task ic --data-dir data --head adapted --json -
    """
    from harness import api

    rows = api.cuts(model, task=task, data_dir=data_dir, heads=heads)
    write_json([row.to_json() for row in rows], json_path)
    console_beside(json_path).print(_table(rows))


def _table(rows: "list[CutOverview]") -> Table:
    """A line each; shares are of the unpruned model."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("candidate", "after layer"):
        table.add_column(name, overflow="fold")
    for name in ("map", "params", "MACs", "share", "peak RAM"):
        table.add_column(name, justify="right", no_wrap=True)
    whole = rows[0].macs
    for row in rows:
        table.add_row(
            row.candidate,
            row.layer_name or "",
            "x".join(map(str, row.map_shape)) if row.map_shape else "",
            f"{row.params:,}",
            f"{row.macs:,}",
            f"{row.macs / whole:.1%}",
            f"{row.peak_ram_bytes / 1024:.1f} KB",
        )
    return table
