"""What changed in size between two builds."""

from dataclasses import asdict, dataclass
from typing import Any

from harness.firmware.image import SizeReport


@dataclass(frozen=True)
class SizeChange:
    """Bytes of one thing in two builds; 0 where a build does not have it.

    Attributes:
        group: `"flash"` and `"RAM"` by part, `"layers"` for the constants of each layer.
        name: The part's or layer's name; `"all"` for the sum of flash or RAM.
        old_bytes: In the earlier build.
        new_bytes: In this one.
    """

    group: str
    name: str
    old_bytes: int
    new_bytes: int

    @property
    def change_bytes(self) -> int:
        """Positive where it grew."""
        return self.new_bytes - self.old_bytes

    def to_json(self) -> dict[str, Any]:
        """All fields and the change."""
        return {**asdict(self), "change_bytes": self.change_bytes}


def compare_sizes(old: SizeReport, new: SizeReport) -> list[SizeChange]:
    """Every part of flash and RAM and every layer of either build, in the order of the new one."""
    return [
        change
        for group in ("flash", "RAM", "layers")
        for change in _changes(group, _bytes(old, group), _bytes(new, group))
    ]


def _changes(group: str, old: dict[str, int], new: dict[str, int]) -> list[SizeChange]:
    return [SizeChange(group, name, old.get(name, 0), new.get(name, 0)) for name in {**new, **old}]


def _bytes(size: SizeReport, group: str) -> dict[str, int]:
    if group == "flash":
        return {**size.parts, "all": size.flash_bytes}
    if group == "RAM":
        return size.ram_parts
    return {layer.name: layer.constants_bytes for layer in size.layers}
