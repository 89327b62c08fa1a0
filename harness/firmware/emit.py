"""Writes the C sources of an image from the templates."""

import importlib.metadata
from pathlib import Path
from typing import Any

import jinja2

from harness.config.kinds import BoardKind, ImageMode
from harness.config.paths import resource_dir
from harness.firmware.plan import ModelPlan
from harness.firmware.rebuilding import rebuilding_constants
from harness.firmware.staging import staged_bytes
from harness.firmware.wire import PIXEL_MODELS, REBUILDING_MODELS


def version() -> str:
    """Version of the harness that the sources name."""
    return importlib.metadata.version("tinyml-harness")


def emit_model(plan: ModelPlan, out_dir: Path, model_id: str) -> None:
    """Write `model.h` and `model.c` into `out_dir`.

    Raises:
        InputError: The model is not of the sort that `model_id` stands for.
    """
    environment = _environment()
    values: dict[str, Any] = {
        "plan": plan,
        "layers": [_layer_view(plan, position) for position in range(len(plan.layers))],
        "version": version(),
        "model_id": model_id,
        "input_xor": 0x80 if model_id in PIXEL_MODELS else 0,
        "rebuilding": rebuilding_constants(plan, model_id) if model_id in REBUILDING_MODELS else {},
        "output_scale_e9": round(plan.output.scale * 1e9),
    }
    for name in ("model.h", "model.c"):
        (out_dir / name).write_text(environment.get_template(f"model/{name}.j2").render(values))


def emit_board(kind: BoardKind, mode: ImageMode, out_dir: Path) -> None:
    """Write `board.h` for an image in `mode`."""
    template = _environment().get_template("model/board.h.j2")
    (out_dir / "board.h").write_text(template.render(kind=kind, mode=mode))


def emit_linker_script(
    kind: BoardKind,
    out_dir: Path,
    *,
    flash_length: int,
    ram_length: int,
    stack_bytes: int,
    padding_bytes: int = 0,
) -> Path:
    """Write `linker.ld`, with the memory lengths in bytes that the linker shall allow and the stack's reserve.

    `padding_bytes` are left free before the code.

    Returns:
        Its path.
    """
    values = {
        "flash_length": flash_length,
        "ram_length": ram_length,
        "stack_bytes": stack_bytes,
        "padding_bytes": padding_bytes,
    }
    path = out_dir / "linker.ld"
    path.write_text(_environment().get_template("core/linker.ld.j2").render(kind=kind, **values))
    return path


def emit_info(info: str, out_dir: Path) -> None:
    """Write `image_info.c`, what the image says of itself."""
    (out_dir / "image_info.c").write_text(
        _environment().get_template("model/image_info.c.j2").render(info=info)
    )


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(resource_dir("firmware_templates")),
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _layer_view(plan: ModelPlan, position: int) -> dict[str, Any]:
    """A layer with the C names of its arrays filled in."""
    layer = plan.layers[position]
    names = {array.suffix: f"layer_{position}_{array.suffix}" for array in layer.arrays}
    places, copies = dict(names), []
    if (offset := plan.staged.get(position)) is not None:
        for array, size_bytes in zip(layer.arrays, staged_bytes(layer), strict=True):
            copies.append((offset, names[array.suffix]))
            places[array.suffix] = f"(const void *)(arena + {offset})"
            offset += size_bytes
    return {
        "name": layer.name,
        "kernel": layer.kernel,
        "params_type": layer.params_type,
        "fields": {field: places.get(value[1:-1], value) for field, value in layer.fields.items()},
        "arrays": [
            {"c_type": a.c_type, "name": names[a.suffix], "length": a.length, "text": a.values}
            for a in layer.arrays
        ],
        "copies": copies,
        "offsets": plan.operand_offsets(position),
    }
