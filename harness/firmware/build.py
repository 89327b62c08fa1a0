"""Builds a firmware image from a model for a board kind."""

import hashlib
from pathlib import Path

from intelhex import IntelHex

from harness.config.kinds import BoardKind, ImageMode
from harness.config.paths import ensure_writable, resource_dir
from harness.errors import DoesNotFitError
from harness.firmware.backends import target_of
from harness.firmware.elf import LoadedElf, load_elf
from harness.firmware.emit import emit_board, emit_info, emit_linker_script, emit_model
from harness.firmware.image import Image
from harness.firmware.plan import ModelPlan, plan_model
from harness.firmware.sizes import size_report
from harness.firmware.sources import include_dirs, target_sources
from harness.firmware.stack import StackBound, stack_bound
from harness.firmware.toolchain import Toolchain, find_toolchain

PROTOCOL_VERSION = 2
# The link must succeed for any model, so that what it needs is known; fitting is checked afterwards.
_LINK_LENGTH = 128 << 20


def build_image(
    model: Path,
    kind: BoardKind,
    out_dir: Path,
    *,
    toolchain: str = "zig",
    model_id: str = "custom",
    padding_bytes: int = 0,
    mode: ImageMode = "performance",
    whole: bool = False,
) -> Image:
    """Build the image of `model` for `kind`; its files and sources go into `out_dir`.

    Args:
        model: An int8 `.tflite` file.
        kind: Board to build for.
        out_dir: Folder for `image.elf`, `image.hex` and the generated sources.
        toolchain: `"zig"` or `"gcc"`.
        model_id: What `profile` answers; EnergyRunner picks its data set by it.
        padding_bytes: Bytes put before the code, to see how its place changes the latency.
        mode: `"performance"` for time stamps on the serial line, `"energy"` for pulses on a pin and a slow line.
        whole: Whether channels that carry nothing are kept.

    Raises:
        InputError: The model cannot be read or run, or the compiler is not installed.
        BuildError: The compiler refused, or the stack of the code has no bound.
        DoesNotFitError: The image needs more flash or RAM than the board has.
    """
    plan = plan_model(model, target_of(kind.core), eliminate=not whole, wait_states=kind.flash.wait_states)
    tools = find_toolchain(toolchain, kind.core)
    ensure_writable(out_dir)
    emit_model(plan, out_dir, model_id)
    emit_board(kind, mode, out_dir)
    script = _linker_script(kind, out_dir, padding_bytes, stack_bytes=0)
    build_id = _build_id(out_dir, kind, tools)
    emit_info(
        f"kind={kind.name},model={plan.model_sha256[:16]},mode={mode},protocol={PROTOCOL_VERSION},build={build_id}",
        out_dir,
    )
    elf_path = out_dir / "image.elf"
    objects = tools.compile(
        [*target_sources(kind.port, kind.core), out_dir / "model.c", out_dir / "image_info.c"],
        [out_dir, *include_dirs()],
        out_dir,
    )
    # The stack that the code needs is known once it is linked, and the code is the same with any reserve.
    tools.link_objects(objects, script, elf_path)
    stack = stack_bound(elf_path)
    tools.link_objects(
        objects, _linker_script(kind, out_dir, padding_bytes, stack_bytes=stack.reserve_bytes), elf_path
    )
    loaded = load_elf(elf_path, kind.ram.origin)
    _check_fit(loaded, kind)
    hex_path = out_dir / "image.hex"
    _write_hex(loaded, hex_path)
    return _image(plan, kind, mode, tools, loaded, stack, build_id, model_id, elf_path, hex_path)


def _linker_script(kind: BoardKind, out_dir: Path, padding_bytes: int, *, stack_bytes: int) -> Path:
    return emit_linker_script(
        kind,
        out_dir,
        flash_length=_LINK_LENGTH,
        ram_length=_LINK_LENGTH,
        stack_bytes=stack_bytes,
        padding_bytes=padding_bytes,
    )


def build_fingerprint(kind: BoardKind, toolchain: str) -> str:
    """SHA-256 of all that decides an image besides the model: generator, templates, compiler, board.

    Raises:
        InputError: The compiler is not installed.
    """
    tools = find_toolchain(toolchain, kind.core)
    digest = hashlib.sha256(repr((tools.compiler, tools.flags, tools.small_flags, tools.link_flags)).encode())
    digest.update(kind.model_dump_json().encode())
    generator = Path(__file__).parent.glob("*.py")
    templates = (path for path in resource_dir("firmware_templates").rglob("*") if path.is_file())
    for path in (*sorted(generator), *sorted(templates)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _build_id(out_dir: Path, kind: BoardKind, tools: Toolchain) -> str:
    """Hash of all that decides the image: sources, compiler and options."""
    digest = hashlib.sha256(
        " ".join((tools.compiler, *tools.flags, *tools.small_flags, *tools.link_flags)).encode()
    )
    sources = target_sources(kind.port, kind.core)
    folders = sorted({*include_dirs(), *(source.parent for source in sources)})
    headers = [header for folder in folders for header in sorted(folder.glob("*.h"))]
    generated = [out_dir / name for name in ("model.h", "model.c", "board.h", "linker.ld")]
    for path in (*sources, *headers, *generated):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _check_fit(loaded: LoadedElf, kind: BoardKind) -> None:
    if loaded.flash_bytes > kind.flash.size_bytes:
        raise DoesNotFitError(kind.name, "flash", loaded.flash_bytes, kind.flash.size_bytes)
    if loaded.ram_bytes > kind.ram.size_bytes:
        raise DoesNotFitError(kind.name, "ram", loaded.ram_bytes, kind.ram.size_bytes)


def _write_hex(loaded: LoadedElf, path: Path) -> None:
    content = IntelHex()
    for address, data in loaded.segments:
        content.puts(address, data)
    content.write_hex_file(str(path))


def _image(
    plan: ModelPlan,
    kind: BoardKind,
    mode: ImageMode,
    tools: Toolchain,
    loaded: LoadedElf,
    stack: StackBound,
    build_id: str,
    model_id: str,
    elf_path: Path,
    hex_path: Path,
) -> Image:
    digest = hashlib.sha256()
    for address, data in loaded.segments:
        digest.update(address.to_bytes(4, "little") + data)
    return Image(
        elf_path=elf_path,
        hex_path=hex_path,
        kind=kind.name,
        model_sha256=plan.model_sha256,
        image_sha256=digest.hexdigest(),
        build_id=build_id,
        mode=mode,
        compiler=tools.compiler,
        flags=" ".join(tools.flags),
        model_id=model_id,
        macs=plan.macs,
        nominal_macs=plan.nominal_macs,
        layers=tuple((layer.name, layer.macs) for layer in plan.layers),
        size=size_report(elf_path, loaded, stack, [(layer.name, layer.kernel) for layer in plan.layers]),
        input=plan.input,
        output=plan.output,
    )
