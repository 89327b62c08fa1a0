"""`harness build`."""

from pathlib import Path

import rich_click as click

from harness.cli.options import toolchain_option
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
@json_option
@toolchain_option
def build(
    model: Path, board: str, out: Path | None, model_id: str, json_path: Path | None, toolchain: str
) -> None:
    """Build the firmware image of MODEL, an int8 .tflite file.

    \b
    Example:
      harness build kws.tflite --board nrf51-dk --model-id kws01
    """
    from harness import api
    from harness.units import format_kib

    folder = out or Path("build") / f"{model.stem}-{board.replace(':', '-')}"
    image = api.build(model, board, folder, toolchain=toolchain, model_id=model_id)
    write_json(image.to_json(), json_path)
    if json_path == STDOUT:
        return
    size = image.size
    click.echo(f"{image.elf_path}  build {image.build_id}  ({image.compiler})")
    click.echo(
        f"flash {format_kib(size.flash_bytes)} (weights {format_kib(size.weights_bytes)}, "
        f"code {format_kib(size.code_bytes)})  RAM {format_kib(size.ram_bytes)} "
        f"(arena {format_kib(size.arena_bytes)}, stack {format_kib(size.stack_bytes)})  MACs {image.macs:,}"
        + (f" of {image.nominal_macs:,} nominal" if image.nominal_macs != image.macs else "")
    )
