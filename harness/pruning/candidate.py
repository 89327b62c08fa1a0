"""A candidate: what is kept of the reference network and what is put on it."""

from dataclasses import dataclass

from harness.errors import InputError
from harness.pruning.heads import HEADS


@dataclass(frozen=True)
class Candidate:
    """One way to prune the reference network.

    Attributes:
        cut: Name of the cut point, or None for the unpruned network.
        head: Name of the head put there, or None for the unpruned network.
        frozen: Whether the kept part's weights stay as they are while the head is trained.
        seed: Of the head's initial weights, of shuffling and of dropout.
    """

    cut: str | None
    head: str | None
    frozen: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.cut is None) != (self.head is None):
            raise InputError(f"candidate with cut {self.cut!r} and head {self.head!r}: give both or neither")
        if self.head is not None and self.head not in HEADS:
            raise InputError(f"unknown head {self.head!r}; known heads: {', '.join(HEADS)}")

    @property
    def key(self) -> str:
        """Name in tables and files: `unpruned`, `block2-aux`, `block2-aux-unfrozen`, `block2-aux-seed3`."""
        if self.cut is None:
            return UNPRUNED
        parts = [self.cut, str(self.head)]
        if not self.frozen:
            parts.append("unfrozen")
        if self.seed != 0:
            parts.append(f"seed{self.seed}")
        return "-".join(parts)


UNPRUNED = "unpruned"
