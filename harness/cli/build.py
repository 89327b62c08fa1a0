"""`harness build`."""

import json
from pathlib import Path

import rich_click as click

from harness.cli.options import toolchain_option


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--board", required=True, metavar="NAME", help="A kind, a unit, or virtual:<kind>.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=None, help="Folder [default: build/<model>-<kind>]."
)
@click.option(
    "--model-id", default="custom", show_default=True, help="What the firmware answers to 'profile'."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@toolchain_option
def build(model: Path, board: str, out: Path | None, model_id: str, as_json: bool, toolchain: str) -> None:
    """Build the firmware image of MODEL, an int8 .tflite file.

    \b
    Example:
      harness build kws.tflite --board nrf51-dk --model-id kws01
    """
    from harness import api
    from harness.units import format_kib

    folder = out or Path("build") / f"{model.stem}-{board.replace(':', '-')}"
    image = api.build(model, board, folder, toolchain=toolchain, model_id=model_id)
    if as_json:
        click.echo(json.dumps(image.to_json(), indent=2))
        return
    size = image.size
    click.echo(f"{image.elf_path}  build {image.build_id}  ({image.compiler})")
    click.echo(
        f"flash {format_kib(size.flash_bytes)} (weights {format_kib(size.weights_bytes)}, "
        f"code {format_kib(size.code_bytes)})  RAM {format_kib(size.ram_bytes)} "
        f"(arena {format_kib(size.arena_bytes)}, stack {format_kib(size.stack_bytes)})  MACs {image.macs:,}"
    )
