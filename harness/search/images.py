"""Firmware images, built once for each model and board kind and kept in the store."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from harness.config.kinds import BoardKind, ImageMode
from harness.errors import DoesNotFitError
from harness.firmware import Image, build_fingerprint, build_image
from harness.store import Store, stage_key


def get_image(
    store: Store,
    model: Path,
    model_sha256: str,
    kind: BoardKind,
    *,
    toolchain: str,
    model_id: str,
    padding_bytes: int = 0,
    mode: ImageMode = "performance",
    whole: bool = False,
) -> Image:
    """The image of a model for a board kind, from the store or built now.

    `padding_bytes` are put before its code, to shift it; `mode` is what it is built for; `whole` keeps channels that carry nothing.

    Raises:
        InputError: The model cannot be read or run, or the compiler is not installed.
        BuildError: The compiler refused.
        DoesNotFitError: The image needs more memory than the board has (also kept, as a fact).
    """
    key = stage_key(
        "image",
        {"model": model_sha256, "model_id": model_id, "built_by": build_fingerprint(kind, toolchain)}
        | ({"padding_bytes": padding_bytes} if padding_bytes else {})
        | ({"mode": mode} if mode != "performance" else {})
        | ({"whole": True} if whole else {}),
    )
    stage = store.stage(key)
    if stage is None:
        build = partial(
            build_image,
            model,
            kind,
            toolchain=toolchain,
            model_id=model_id,
            padding_bytes=padding_bytes,
            mode=mode,
            whole=whole,
        )
        stage = store.finish_stage(key, *_build(store, build))
    if "memory" in stage.facts:
        raise DoesNotFitError(
            kind.name, stage.facts["memory"], stage.facts["needed_bytes"], stage.facts["available_bytes"]
        )
    paths = {name: store.artifacts.path(sha256) for name, sha256 in stage.outputs.items()}
    return Image.from_json(stage.facts["image"], paths["elf"], paths["hex"])


def _build(store: Store, build: Callable[..., Image]) -> tuple[dict[str, str], dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="harness-build-") as folder:
        try:
            image = build(out_dir=Path(folder))
        except DoesNotFitError as error:
            return {}, {
                "memory": error.memory,
                "needed_bytes": error.needed_bytes,
                "available_bytes": error.available_bytes,
            }
        outputs = {
            "elf": store.artifacts.put(image.elf_path, ".elf"),
            "hex": store.artifacts.put(image.hex_path, ".hex"),
        }
        return outputs, {"image": image.to_json()}
