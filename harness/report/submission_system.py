"""The system description of a submission, and the source code that goes with its results."""

import json
import shutil
from pathlib import Path

from harness.config.kinds import BoardKind, load_kind
from harness.config.paths import resource_dir
from harness.errors import InputError
from harness.firmware import Image, build_image
from harness.firmware.sources import include_dirs, target_sources
from harness.report.submission_results import REHEARSAL
from harness.report.submission_rules import Benchmark, Division
from harness.store import Measurement

_GENERATED = ("model.c", "model.h", "image_info.c", "board.h", "linker.ld", "image.elf", "image.hex")
_CORES = {"cortex-m0": "32-bit Arm Cortex-M0", "cortex-m4": "32-bit Arm Cortex-M4"}
VIRTUAL_STATUS = "virtual"
"""No status that MLPerf's submission checker takes, so that a rehearsal cannot be handed in by mistake."""


def system_json(row: Measurement, organisation: str, division: Division, status: str) -> str:
    """The system description in MLPerf Tiny's fields.

    Args:
        row: The row to submit.
        organisation: Who submits.
        division: Where.
        status: `available`, `preview` or `rdi`.
    """
    kind = load_kind(row.kind)
    flash, ram = (f"{memory.size_bytes // 1024} KB" for memory in (kind.flash, kind.ram))
    board, _, chip = kind.title.removesuffix(")").partition(" (")
    fields = {
        "Submitter": organisation,
        "Division": division.capitalize(),
        "Status": VIRTUAL_STATUS if row.virtual else status.capitalize(),
        "Board Name": board,
        "SoC Name": chip.split(",")[0],
        "SoC Memory capacity (not including processor or accelerator)": ram,
        "SoC Memory type": "SRAM",
        "SoC storage capacity": flash,
        "SoC storage type": "Flash",
        "Processor(s) Name": _CORES[kind.core],
        "Processor(s) Frequencies": f"{(row.clock_hz or kind.clock_hz) / 1e6:g} MHz",
        "Processor memory type and capacity": f"SRAM {ram}",
        "Processor storage type and capacity": f"Flash {flash}",
        "Accelerator": "",
        "Accelerator(s) Frequencies": "",
        "Accelerator memory type and capacity": "",
        "Accelerator storage type and capacity": "",
        "Hardware Notes": REHEARSAL if row.virtual else "",
        "Inference Framework": f"tinyml-harness {row.harness_version}",
        "Software Libraries": "",
        "Operating System": "bare metal",
        "Other Software Stack": "",
        "Software Notes": "generated C, no interpreter",
        "Quantization Method": "int8",
        "Training framework (open division)": "",
        "ML Model Compiler(s)": f"tinyml-harness {row.harness_version}",
        "General Compiler(s)": row.compiler or "",
        "Other Software": "",
        "Training and Quantization Notes": "",
    }
    return json.dumps(fields, indent=2) + "\n"


def rebuild(row: Measurement, benchmark: Benchmark, model: Path, folder: Path) -> Image:
    """Build the row's image once more, its sources with it, and make sure that it is the one measured.

    Raises:
        InputError: This harness makes another image of the model than the one that was measured.
        BuildError: The compiler refused.
    """
    toolchain = "zig" if "zig" in (row.compiler or "") else "gcc"
    for model_id in (benchmark.model_id, "custom"):
        image = build_image(
            model, load_kind(row.kind), folder, toolchain=toolchain, model_id=model_id, whole=bool(row.whole)
        )
        if image.build_id == row.build_id:
            return image
    raise InputError(
        f"row {row.id} was measured with build {row.build_id}, which this harness and compiler do not make "
        "of the model any more; measure it again"
    )


def write_code(row: Measurement, image: Image, model: Path, folder: Path) -> None:
    """Write model, image, generated and hand-written sources, and how to build them, into `folder`."""
    kind = load_kind(row.kind)
    built = image.elf_path.parent
    (folder / "generated").mkdir(parents=True)
    shutil.copyfile(model, folder / "model.tflite")
    for name in _GENERATED:
        if (built / name).is_file():
            shutil.copyfile(built / name, folder / "generated" / name)
    templates = resource_dir("firmware_templates")
    for source in _sources(kind):
        target = folder / "firmware" / source.relative_to(templates)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    (folder / "README.md").write_text(_readme(row, image))


def _sources(kind: BoardKind) -> list[Path]:
    sources = target_sources(kind.port, kind.core)
    folders = sorted({*include_dirs(), *(source.parent for source in sources)})
    return [*sources, *(header for folder in folders for header in sorted(folder.glob("*.h")))]


def _readme(row: Measurement, image: Image) -> str:
    first = f"{REHEARSAL}\n\n" if row.virtual else ""
    toolchain = "zig" if "zig" in image.compiler else "gcc"
    return (
        f"{first}# {row.model_name} on {row.kind}\n\n"
        f"Build {image.build_id} of `model.tflite` (SHA-256 {image.model_sha256}) by tinyml-harness "
        f"{row.harness_version} with {image.compiler}:\n\n"
        f"    harness build model.tflite --board {row.kind} --toolchain {toolchain} --model-id {image.model_id}\n\n"
        "`generated/` holds the C that it writes and the image; `firmware/` the sources that it compiles with "
        f"it. Options of the compiler:\n\n    {image.flags}\n"
    )
