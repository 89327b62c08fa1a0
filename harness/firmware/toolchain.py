"""Compilers for Cortex-M: the clang inside the `ziglang` wheel, and arm-none-eabi-gcc."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from harness.config.paths import compiler_environment
from harness.errors import BuildError, InputError
from harness.firmware.object_cache import get_object
from harness.firmware.small import is_small

COMMON_FLAGS = (
    "-std=c11",
    "-O2",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
    "-g",
)
_ZIG_CORES = {"cortex-m0": "cortex_m0", "cortex-m4": "cortex_m4"}
_GCC = "arm-none-eabi-gcc"
NAMES = ("zig", "gcc")


@dataclass(frozen=True)
class Toolchain:
    """A compiler with the options that make it build for one core.

    Attributes:
        compiler: Its name and version, as results record it.
        command: The program and its fixed leading arguments.
        flags: Compile options, as results record them.
        small_flags: Added to them for what is compiled for size.
        link_flags: Further options of the link.
        libraries: What comes last on the link line.
    """

    compiler: str
    command: tuple[str, ...]
    flags: tuple[str, ...]
    small_flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    libraries: tuple[str, ...]

    def link(self, sources: list[Path], includes: list[Path], script: Path, elf: Path) -> None:
        """Compile and link `sources` into `elf`, most of them for size (`is_small`).

        Raises:
            BuildError: The compiler refused; the message ends with its first error.
        """
        self.link_objects(self.compile(sources, includes, elf.parent), script, elf)

    def compile(self, sources: list[Path], includes: list[Path], out_dir: Path) -> list[Path]:
        """Compile `sources`, most of them for size (`is_small`), into the objects in `out_dir` that are returned.

        What is not generated in `out_dir` is compiled once and kept in the cache.

        Raises:
            BuildError: The compiler refused; the message ends with its first error.
        """
        options = [*self.flags, "-nostdlib", "-r"]
        objects = []
        # The order decides addresses, so that nothing of it may come from where the build happens to be.
        names = {source.parent: source.parent.name for source in sources} | {out_dir: "generated"}
        for folder, name in sorted(names.items(), key=lambda item: item[1]):
            for small, flags in ((False, ()), (True, self.small_flags)):
                chosen = [
                    source for source in sources if source.parent == folder and is_small(source) == small
                ]
                if not chosen:
                    continue
                # Functions of one name share a section of such an object and are kept together, so the
                # kernels of one core stay apart from those of another.
                objects.append(out_dir / f"{name}-{'small' if small else 'fast'}.o")
                compile_to = partial(self._compile, [*options, *flags], chosen, includes)
                if folder == out_dir:
                    compile_to(objects[-1])
                else:
                    deciding = [self.compiler, *self.command, *options, *flags]
                    get_object(deciding, chosen, includes, objects[-1], compile_to)
        return objects

    def _compile(self, options: list[str], sources: list[Path], includes: list[Path], target: Path) -> None:
        paths = [f"-I{folder}" for folder in includes]
        command = [*self.command, *options, *paths, *map(str, sources), "-o", str(target)]
        _run(command, self.compiler)

    def link_objects(self, objects: list[Path], script: Path, elf: Path) -> None:
        """Link what `compile` made into `elf`.

        Raises:
            BuildError: The linker refused; the message ends with its first error.
        """
        command = [*self.command, *self.flags, *self.link_flags, f"-Wl,-T,{script}"]
        _run([*command, *map(str, objects), "-o", str(elf), *self.libraries], self.compiler)


def find_toolchain(name: str, core: str) -> Toolchain:
    """The toolchain called `name` (`"zig"` or `"gcc"`) for `core`.

    Raises:
        InputError: The name is unknown or the compiler is not installed.
    """
    if name == "zig":
        return Toolchain(
            compiler=f"zig clang {_zig_version()}",
            command=(sys.executable, "-m", "ziglang", "cc"),
            # -fhosted keeps small memory copies inline instead of calls.
            flags=(
                "-target",
                "thumb-freestanding-eabi",
                f"-mcpu={_ZIG_CORES[core]}",
                "-fhosted",
                *COMMON_FLAGS,
            ),
            # The driver knows no level below -Os; the compiler proper does.
            small_flags=("-Os", "-Xclang", "-Oz", "-fomit-frame-pointer"),
            link_flags=("-nostdlib", "-Wl,--gc-sections"),
            libraries=(),
        )
    if name == "gcc":
        return Toolchain(
            compiler=_gcc_version(),
            command=(_GCC,),
            # Without the last one GCC turns the loop inside memcpy into a call of memcpy.
            flags=(
                f"-mcpu={core}",
                "-mthumb",
                "-mfloat-abi=soft",
                *COMMON_FLAGS,
                "-fno-tree-loop-distribute-patterns",
            ),
            small_flags=("-Os",),
            link_flags=("-nostdlib", "-nostartfiles", "-Wl,--gc-sections", "-Wl,--no-warn-rwx-segments"),
            libraries=("-lgcc",),
        )
    raise InputError(f"unknown toolchain {name!r}; choose one of {', '.join(NAMES)}")


def host_compiler() -> tuple[str, ...]:
    """The command that builds the same C for this computer."""
    return (sys.executable, "-m", "ziglang", "cc")


@cache
def _zig_version() -> str:
    done = _run([sys.executable, "-m", "ziglang", "cc", "--version"], "zig")
    found = re.search(r"clang version (\S+)", done)
    return found.group(1) if found else "unknown"


@cache
def _gcc_version() -> str:
    if shutil.which(_GCC) is None:
        raise InputError(
            f"{_GCC} is not installed; install it (Debian: gcc-arm-none-eabi) or use --toolchain zig"
        )
    return f"{_GCC} {_run([_GCC, '-dumpfullversion'], _GCC).strip()}"


def _run(command: list[str], compiler: str) -> str:
    try:
        done = subprocess.run(
            command, env=compiler_environment(), capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise BuildError(f"{compiler} cannot be started: {error.strerror}") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line] or done.stderr.splitlines()
        raise BuildError(f"{compiler} failed: {lines[0] if lines else f'exit code {done.returncode}'}")
    return done.stdout
