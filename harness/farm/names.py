"""What a worker of the farm declares: abstract resources of Dask, by name."""

import re
from collections.abc import Iterable

TRAINING = "training"
"""One model at a time on each machine that trains."""

_BOARD = re.compile(r"board (?P<kind>\S+) (?P<name>.+)")


def board_resource(kind: str, name: str) -> str:
    """The resource that stands for a board; its worker has one of it."""
    return f"board {kind} {name}"


def boards_of(resources: Iterable[str]) -> dict[str, str]:
    """Board -> its kind, of all resources that are boards."""
    matches = (_BOARD.fullmatch(resource) for resource in resources)
    return {match["name"]: match["kind"] for match in matches if match}
