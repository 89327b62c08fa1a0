"""Training recipes: everything that decides a training's outcome besides data and seed."""

import hashlib
from dataclasses import asdict, dataclass, replace

# Raise when the training code changes in a way that changes weights: stored models are then remade.
TRAINER_VERSION = 8

# Factor on the rates of a kept part for a network that is whole.
_RATE_OF_WHOLE = 1 / 3


@dataclass(frozen=True)
class Recipe:
    """How to train: Adam on cross-entropy, keeping the best epoch on the validation split.

    Attributes:
        name: As on the command line.
        epochs: Passes over the training split, >= 1.
        batch_size: Samples a step, >= 1.
        learning_rates: (first epoch, rate) pairs, the first at epoch 0, epochs ascending.
        unfrozen_rate: Factor on the rates while the kept part is trained too.
        head_epochs: Epochs of the head alone before the kept part is trained with it; None for `epochs`.
        patience: Epochs without a better one after which training stops; None for never.
        augmented_copies: How often a frozen part sees each training input changed by the task's augmentation, besides
            once as it is; 0 for no augmentation. What is trained as a whole sees every input changed anew in
            every epoch.
        distillation: Share in [0, 1] of the loss that compares with the unpruned network's outputs.
        temperature: What logits are divided by in that comparison, >= 1 (Hinton, Vinyals & Dean 2015).
        matching: Weight >= 0 of how far feature maps are from those of the network that another was made of, beside
            the loss; only where `distillation` is above 0.
        blending: Of the training inputs with each other, in [0, 1]; 0 for none, 1 for all shares alike. A blend has no
            class, only what the unpruned network answers to it: allowed where `distillation` is 1.
        averaging: Momentum in [0, 1) of a moving average over the steps, which is judged and kept in place of the weights
            themselves (Polyak & Juditsky 1992); 0 for none.
    """

    name: str
    epochs: int
    batch_size: int
    learning_rates: tuple[tuple[int, float], ...]
    unfrozen_rate: float = 1.0
    head_epochs: int | None = None
    patience: int | None = None
    augmented_copies: int = 0
    distillation: float = 0.0
    temperature: float = 2.0
    matching: float = 0.0
    blending: float = 0.0
    averaging: float = 0.0

    def __post_init__(self) -> None:
        if self.blending and self.distillation != 1:
            raise ValueError("blended inputs have no class: they need distillation 1")
        if self.matching and not self.distillation:
            raise ValueError("feature maps are matched beside a teacher's answers: they need distillation")

    @property
    def best_by_loss(self) -> bool:
        """Whether the best epoch is the one of least validation loss, not of highest accuracy.

        Where all is learned from another network's answers, the loss says how far from these a network is on every
        sample; classes of few samples say less.
        """
        return self.distillation == 1

    def learning_rate(self, epoch: int) -> float:
        """Rate in force at `epoch` (counted from 0)."""
        return [rate for first, rate in self.learning_rates if first <= epoch][-1]

    def unfrozen(self) -> "Recipe":
        """The recipe for a network whose kept part is trained too."""
        rates = tuple((first, rate * self.unfrozen_rate) for first, rate in self.learning_rates)
        return replace(self, learning_rates=rates, unfrozen_rate=1.0)

    def whole(self) -> "Recipe":
        """The recipe for a network without a new head: it works already, and bears no high rates."""
        return replace(self, unfrozen_rate=self.unfrozen_rate * _RATE_OF_WHOLE).unfrozen()

    def head_first(self) -> "Recipe":
        """The recipe for a head whose kept part is trained afterwards."""
        return replace(self, epochs=self.head_epochs or self.epochs)

    def fingerprint(self) -> str:
        """SHA-256 (64 hex characters) of all fields but the name."""
        fields = asdict(self) | {"name": "", "trainer": TRAINER_VERSION}
        return hashlib.sha256(repr(sorted(fields.items())).encode()).hexdigest()
