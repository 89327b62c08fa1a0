"""A candidate: what is kept of the reference network and what is put on it."""

from dataclasses import dataclass

from harness.errors import InputError
from harness.pruning.heads import CONTROL, HEADS

UNPRUNED = "unpruned"
"""Name of the reference network as it is."""


@dataclass(frozen=True)
class Candidate:
    """One way to prune the reference network, or to leave it whole.

    Attributes:
        cut: Name of the cut point, or None for the whole network.
        head: Name of the head put there; for the whole network None, or `none` where it is trained further: the
            control, which shows what training alone gives.
        frozen: Whether the kept part's weights stay as they are while the head is trained. Of no meaning for the
            whole network.
        seed: Of the head's initial weights, of shuffling, augmentation and dropout.
        width: Factor on the head's channels, > 0.
    """

    cut: str | None
    head: str | None
    frozen: bool = True
    seed: int = 0
    width: float = 1.0

    def __post_init__(self) -> None:
        if (self.cut is None) != (self.head in (None, CONTROL)):
            raise InputError(f"candidate with cut {self.cut!r} and head {self.head!r}: give both or neither")
        check_heads(() if self.head is None else (self.head,))
        if not 0 < self.width <= 16:
            raise InputError(f"a head's width is a factor above 0 and at most 16, not {self.width}")

    @property
    def key(self) -> str:
        """Name in tables and files.

        Such as `unpruned`, `unpruned-trained`, `block2-aux`, `block2-aux-unfrozen`, `block2-adapted-w0.5-seed3`.
        """
        if self.cut is None:
            parts = [UNPRUNED] if self.head is None else [UNPRUNED, "trained"]
        else:
            parts = [self.cut, str(self.head)]
            if self.width != 1:
                parts.append(f"w{self.width:g}")
            if not self.frozen:
                parts.append("unfrozen")
        if self.seed != 0 and parts != [UNPRUNED]:
            parts.append(f"seed{self.seed}")
        return "-".join(parts)


def check_heads(heads: tuple[str, ...]) -> None:
    """Make sure that all of `heads` are known.

    Raises:
        InputError: One is not.
    """
    for head in heads:
        if head not in (*HEADS, CONTROL):
            raise InputError(f"unknown head {head!r}; known heads: {', '.join((*HEADS, CONTROL))}")
