"""Images and models as files."""

from pathlib import Path

from harness.bench import resolve
from harness.config.kinds import kind_names, load_kind
from harness.firmware import Image, build_image
from harness.firmware.shrink import Shrinkage, read_array, shrink_model


def build(
    model: Path | str,
    board: str,
    out_dir: Path | str,
    *,
    toolchain: str = "zig",
    model_id: str = "custom",
    whole: bool = False,
) -> Image:
    """Build the firmware image of an int8 `.tflite` model for a board.

    Args:
        model: The model file.
        board: A unit of the bench file, `virtual:<kind>`, or the name of a kind.
        out_dir: Folder for `image.elf`, `image.hex` and the generated C.
        toolchain: `"zig"` or `"gcc"`.
        model_id: What the firmware answers to EnergyRunner's `profile`.
        whole: Whether channels that carry nothing are kept.

    Raises:
        InputError: The model, the board or the toolchain cannot be used.
        BuildError: The compiler refused; `DoesNotFitError` where the board is too small.
    """
    kind = board if board in kind_names() else resolve(board).kind
    return build_image(
        Path(model), load_kind(kind), Path(out_dir), toolchain=toolchain, model_id=model_id, whole=whole
    )


def shrink(
    model: Path | str, out: Path | str, *, samples: Path | str | None = None, random_count: int = 32
) -> Shrinkage:
    """Take the channels that carry nothing out of an int8 `.tflite` model; its answers stay the same.

    Args:
        model: The model file.
        out: File to write; a copy where there is nothing to take out.
        samples: An `.npy` file of int8 inputs `(n, ...)` to compare both models on.
        random_count: Random inputs to compare them on besides.

    Raises:
        InputError: The model or the samples cannot be used, or `out` cannot be written.
        BuildError: The two models disagree, and nothing was written.
    """
    given = None if samples is None else read_array(Path(samples))
    return shrink_model(Path(model), Path(out), samples=given, random_count=random_count)
