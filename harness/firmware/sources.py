"""Which C files an image is made of."""

from pathlib import Path

from harness.config.paths import resource_dir

_KERNELS = Path("kernels") / "portable"


_CORE_KERNELS = {"cortex-m0": "armv6m", "cortex-m4": "armv7em"}


def target_sources(port: str, core: str) -> list[Path]:
    """Fixed sources of an image for a chip of `port` and `core`; the linker drops unused kernels."""
    root = resource_dir("firmware_templates")
    return [
        *sorted((root / "core").glob("*.c")),
        *sorted((root / "dut").glob("*.c")),
        *kernel_sources(core),
        root / "ports" / port / "port.c",
    ]


def kernel_sources(core: str) -> list[Path]:
    """All kernels for `core`, in C and assembly."""
    root = resource_dir("firmware_templates")
    own = root / "kernels" / _CORE_KERNELS[core]
    return [*sorted((root / _KERNELS).glob("*.c")), *sorted([*own.glob("*.c"), *own.glob("*.S")])]


def host_sources() -> list[Path]:
    """Fixed sources of the model's build for this computer."""
    root = resource_dir("firmware_templates")
    return [*sorted((root / _KERNELS).glob("*.c")), root / "ports" / "host" / "main.c"]


def include_dirs() -> list[Path]:
    """Where the fixed sources look for headers."""
    root = resource_dir("firmware_templates")
    return [root / "core", root / "dut", root / "kernels", root / _KERNELS, root / "ports"]
