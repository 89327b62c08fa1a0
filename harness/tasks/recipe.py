"""Training recipes: everything that decides a training's outcome besides data and seed."""

import hashlib
from dataclasses import asdict, dataclass

# Raise when the training code changes in a way that changes weights: stored models are then remade.
TRAINER_VERSION = 2


@dataclass(frozen=True)
class Recipe:
    """How to train: Adam on cross-entropy, keeping the epoch with the best validation accuracy.

    Attributes:
        name: As on the command line.
        epochs: Passes over the training split, >= 1.
        batch_size: Samples a step, >= 1.
        learning_rates: (first epoch, rate) pairs, the first at epoch 0, epochs ascending.
    """

    name: str
    epochs: int
    batch_size: int
    learning_rates: tuple[tuple[int, float], ...]

    def learning_rate(self, epoch: int) -> float:
        """Rate in force at `epoch` (counted from 0)."""
        return [rate for first, rate in self.learning_rates if first <= epoch][-1]

    def fingerprint(self) -> str:
        """SHA-256 (64 hex characters) of all fields but the name."""
        fields = asdict(self) | {"name": "", "trainer": TRAINER_VERSION}
        return hashlib.sha256(repr(sorted(fields.items())).encode()).hexdigest()
