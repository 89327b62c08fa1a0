"""Sizes of an image, and of two builds beside each other, as tables."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from harness.errors import InputError
from harness.firmware import SizeReport
from harness.firmware.size_diff import SizeChange


def parts_table(size: SizeReport) -> Table:
    """Flash and RAM by part, with shares."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("memory", "part"):
        table.add_column(name, no_wrap=True)
    for name in ("bytes", "share"):
        table.add_column(name, justify="right", no_wrap=True)
    for memory, parts, whole in (
        ("flash", {**size.parts, "all": size.flash_bytes}, size.flash_bytes),
        ("RAM", size.ram_parts, size.ram_bytes),
    ):
        for name, part_bytes in parts.items():
            style = "bold" if name == "all" else None
            table.add_row(memory, name, f"{part_bytes:,}", f"{part_bytes / whole:.1%}", style=style)
    return table


def layers_table(size: SizeReport) -> Table:
    """Bytes of constants by layer."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("layer", overflow="fold")
    table.add_column("kernel", overflow="fold")
    table.add_column("constants", justify="right", no_wrap=True)
    for layer in size.layers:
        table.add_row(layer.name, layer.kernel, f"{layer.constants_bytes:,}")
    return table


def changes_table(changes: Sequence[SizeChange]) -> Table:
    """What grew or shrank, a line each; sums also where they stayed."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("memory", no_wrap=True)
    table.add_column("part or layer", overflow="fold")
    for name in ("before", "now", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    for change in changes:
        if change.change_bytes or change.name == "all":
            colour = {True: "red", False: "green"}[change.change_bytes > 0] if change.change_bytes else ""
            style = " ".join(filter(None, ("bold" if change.name == "all" else "", colour)))
            figures = (f"{change.old_bytes:,}", f"{change.new_bytes:,}", f"{change.change_bytes:+,}")
            table.add_row(change.group, change.name, *figures, style=style)
    return table


def read_sizes(path: Path) -> SizeReport:
    """The sizes in a file that `harness build --json` wrote.

    Raises:
        InputError: It cannot be read or is no such file.
    """
    try:
        return SizeReport.from_json(json.loads(path.read_text())["size"])
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} holds no sizes; make it with `harness build ... --json {path}`") from error
