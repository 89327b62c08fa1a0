"""What a chosen candidate must keep to."""

from dataclasses import asdict, dataclass
from typing import Any

from harness.errors import InputError


@dataclass(frozen=True)
class Limits:
    """Limits on a candidate; None where there is none.

    Attributes:
        max_accuracy_drop: Percentage points it may fall short of the unpruned model on the same samples.
        min_accuracy: Least accuracy, a fraction in [0, 1].
        max_latency_ms: Most milliseconds of one inference.
        max_flash_kb: Most flash of the whole image, in units of 1024 bytes.
        max_ram_kb: Most RAM, in units of 1024 bytes.
        max_energy_uj: Most microjoules of one inference, as a meter in the board's supply measures them.
    """

    max_accuracy_drop: float | None = None
    min_accuracy: float | None = None
    max_latency_ms: float | None = None
    max_flash_kb: float | None = None
    max_ram_kb: float | None = None
    max_energy_uj: float | None = None

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value is not None and not 0 <= value < float("inf"):
                raise InputError(f"--{name.replace('_', '-')} must be a number from 0, not {value}")
        if self.min_accuracy is not None and self.min_accuracy > 1:
            raise InputError(f"--min-accuracy is a fraction from 0 to 1, not {self.min_accuracy}")

    @property
    def on_accuracy(self) -> bool:
        """Whether accuracy is limited at all."""
        return self.max_accuracy_drop is not None or self.min_accuracy is not None

    def to_json(self) -> dict[str, Any]:
        """The limits as JSON values."""
        return asdict(self)
