"""`harness build`."""

from pathlib import Path

import rich_click as click
from rich.console import Console

from harness.cli.options import toolchain_option, whole_option
from harness.cli.output import STDOUT, json_option, write_json


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--board", required=True, metavar="NAME", help="A kind, a unit, or virtual:<kind>.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=None, help="Folder [default: build/<model>-<kind>]."
)
@click.option(
    "--model-id", default="custom", show_default=True, help="What the firmware answers to 'profile'."
)
@click.option(
    "--size-diff",
    "earlier",
    type=click.Path(path_type=Path),
    metavar="OLD.json",
    help="Show what changed in size since the build whose --json this is.",
)
@whole_option
@json_option
@toolchain_option
def build(
    model: Path,
    board: str,
    out: Path | None,
    model_id: str,
    earlier: Path | None,
    whole: bool,
    json_path: Path | None,
    toolchain: str,
) -> None:
    """Build the firmware image of MODEL, an int8 .tflite file.

    \b
    Examples:
      harness build kws.tflite --board nrf51-dk --model-id kws01
      harness build kws.tflite --board nrf51-dk --json before.json
      harness build kws.tflite --board nrf51-dk --size-diff before.json
    """
    from harness import api
    from harness.cli.sizes import changes_table, layers_table, parts_table, read_sizes
    from harness.firmware.size_diff import compare_sizes
    from harness.units import format_kib

    before = read_sizes(earlier) if earlier else None
    folder = out or Path("build") / f"{model.stem}-{board.replace(':', '-')}"
    image = api.build(model, board, folder, toolchain=toolchain, model_id=model_id, whole=whole)
    changes = compare_sizes(before, image.size) if before else []
    diff = {"size_diff": [change.to_json() for change in changes]} if before else {}
    write_json(image.to_json() | diff, json_path)
    if json_path == STDOUT:
        return
    size = image.size
    click.echo(f"{image.elf_path}  build {image.build_id}  ({image.compiler})")
    click.echo(
        f"flash {format_kib(size.flash_bytes)} (weights {format_kib(size.weights_bytes)}, "
        f"code {format_kib(size.code_bytes)})  RAM {format_kib(size.ram_bytes)} "
        f"(arena {format_kib(size.arena_bytes)}, stack {size.stack_bytes:,} B, at most {size.stack_bound_bytes:,} used)  MACs {image.macs:,}"
        + (f" of {image.nominal_macs:,} nominal" if image.nominal_macs != image.macs else "")
    )
    console = Console()
    console.print()
    if before:
        console.print(changes_table(changes))
        return
    console.print(parts_table(size))
    console.print()
    console.print(layers_table(size))
