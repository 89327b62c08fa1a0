"""Paths as users give them."""

from pathlib import Path


def as_path(path: Path | str | None) -> Path | None:
    """The path of what a user gave, if anything."""
    return None if path is None else Path(path)
