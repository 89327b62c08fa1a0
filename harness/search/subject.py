"""What is measured: a model, and where it comes from."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError


@dataclass(frozen=True)
class Subject:
    """What is measured.

    Attributes:
        model: The int8 `.tflite` file.
        name: What people call it; with the board the key of its history.
        model_id: What the firmware answers to `profile`.
        candidate: Name of the candidate in a study, with its `cut` and `head`.
        study: The study it belongs to.
        seed: Of the training.
        trained: Whether its weights are those of the trained candidate; None outside a study.
        float_accuracy: Of the float network it was made of, on the test split, in [0, 1], where it is known.
        padding_bytes: Bytes put before its code, to shift it.
        whole: Whether channels that carry nothing are kept in its image.
    """

    model: Path
    name: str
    model_id: str = "custom"
    candidate: str | None = None
    cut: str | None = None
    head: str | None = None
    study: str | None = None
    seed: int | None = None
    trained: bool | None = None
    float_accuracy: float | None = None
    padding_bytes: int = 0
    whole: bool = False

    @property
    def sha256(self) -> str:
        """Hash of the model file.

        Raises:
            InputError: It cannot be read.
        """
        return model_sha256(self.model)


def model_sha256(model: Path) -> str:
    """Hash of a model file.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return hashlib.sha256(model.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"cannot read the model {model}: {error.strerror}") from error
