"""What a study is asked."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.config.kinds import load_kind
from harness.errors import InputError
from harness.firmware import build_fingerprint
from harness.measure import PerformanceRules
from harness.pruning import DEFAULT_HEADS, load_recipe
from harness.quantization import calibration_fingerprint
from harness.search.limits import Limits
from harness.tasks import Task, reference_key


@dataclass(frozen=True)
class StudySpec:
    """A search with its limits.

    Attributes:
        name: Of the study; the same name goes on where an earlier run stopped.
        task: Data, metric and float model.
        boards: Board name -> name of its kind, in the order asked.
        limits: What the choice must keep to.
        heads: Heads to try at every cut.
        samples: Test samples asked while searching; None for all. The final figure uses all.
        recipe: Training recipe.
        frozen: Whether the kept part's weights stay as they are.
        seed: Of training and of the choice of samples.
        toolchain: `"zig"` or `"gcc"`.
        reference: The user's own float model in place of the task's.
        rules: How latency is measured.
    """

    name: str
    task: Task
    boards: dict[str, str]
    limits: Limits
    heads: tuple[str, ...] = DEFAULT_HEADS
    samples: int | None = None
    recipe: str = "quick"
    frozen: bool = True
    seed: int = 0
    toolchain: str = "zig"
    reference: Path | None = None
    rules: PerformanceRules = field(default_factory=PerformanceRules)

    def __post_init__(self) -> None:
        if not self.boards:
            raise InputError("a search needs at least one board: give --board")
        if self.samples is not None and self.samples < 1:
            raise InputError(f"--samples must be at least 1, not {self.samples}")

    def options(self) -> dict[str, Any]:
        """All that changes the outcome, as JSON values: a study goes on only with the same."""
        return {
            "data": self.task.fingerprint,
            "reference": reference_key(self.task, self.reference),
            "boards": self.boards,
            "limits": self.limits.to_json(),
            "heads": list(self.heads),
            "samples": self.samples,
            "recipe": self.recipe,
            "training": load_recipe(self.recipe).fingerprint(),
            "quantization": calibration_fingerprint(self.task.calibration),
            "frozen": self.frozen,
            "seed": self.seed,
            "toolchain": self.toolchain,
            "firmware": {
                kind: build_fingerprint(load_kind(kind), self.toolchain)
                for kind in sorted(set(self.boards.values()))
            },
            "windows": self.rules.windows,
            "iterations": self.rules.iterations,
            "warmup": self.rules.warmup,
        }
