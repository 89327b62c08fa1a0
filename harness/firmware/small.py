"""Which sources are compiled for size: all but the kernels, whose speed is what is measured."""

from pathlib import Path

from harness.config.paths import resource_dir

_FOLDERS = ("core", "dut", "ports")


def is_small(source: Path) -> bool:
    """Whether `source` is one of the firmware's fixed files outside the kernels."""
    root = resource_dir("firmware_templates")
    return source.is_relative_to(root) and source.relative_to(root).parts[0] in _FOLDERS
