"""`harness shrink`."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from rich.table import Table

from harness.cli.output import console_beside, json_option, write_json

if TYPE_CHECKING:
    from harness.firmware.shrink import Shrinkage


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="File to write.")
@click.option(
    "--samples",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="An .npy file of int8 inputs (n, ...) to compare both models on.",
)
@click.option(
    "--random",
    "random_count",
    type=int,
    default=32,
    show_default=True,
    metavar="N",
    help="Random inputs to compare both models on; 0 and no --samples compares nothing.",
)
@json_option
def shrink(model: Path, out: Path, samples: Path | None, random_count: int, json_path: Path | None) -> None:
    """Take the channels that carry nothing out of MODEL, an int8 .tflite file; its answers stay the same.

    \b
    Example:
      harness shrink vww.tflite -o vww-small.tflite
    """
    from harness import api

    shrinkage = api.shrink(model, out, samples=samples, random_count=random_count)
    write_json(shrinkage.to_json(), json_path)
    console = console_beside(json_path)
    if not shrinkage.changed:
        console.print(
            f"nothing to take out of {model}; {out} is a copy", highlight=False, markup=False, soft_wrap=True
        )
        return
    console.print(_table(shrinkage))
    proof = (
        f"both models gave the same outputs on {shrinkage.compared} samples"
        if shrinkage.compared
        else "the two models were not compared"
    )
    console.print(f"{out}  {proof}", highlight=False, markup=False, soft_wrap=True)


def _table(shrinkage: "Shrinkage") -> Table:
    """Channels, MACs and bytes of the layers that changed, and of the whole."""
    table = Table(box=None, pad_edge=False)
    table.add_column("layer", no_wrap=True)
    for name in ("channels", "MACs", "bytes"):
        table.add_column(name, justify="right")
    for layer in shrinkage.layers:
        if layer.changed:
            table.add_row(
                layer.name,
                _change(layer.channels_before, layer.channels_after),
                _change(layer.macs_before, layer.macs_after),
                _change(layer.bytes_before, layer.bytes_after),
            )
    table.add_section()
    table.add_row(
        "whole file",
        "",
        _change(shrinkage.macs_before, shrinkage.macs_after),
        _change(shrinkage.file_bytes_before, shrinkage.file_bytes_after),
    )
    return table


def _change(before: int, after: int) -> str:
    return f"{before:,} -> {after:,}" if before != after else f"{after:,}"
