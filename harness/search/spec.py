"""What a study is asked."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.config.kinds import load_kind
from harness.errors import InputError
from harness.firmware import build_fingerprint
from harness.measure import PerformanceRules
from harness.pruning import DEFAULT_HEADS, UNPRUNED, load_recipe
from harness.quantization import calibration_fingerprint
from harness.search.budgets import ChannelBudget
from harness.search.limits import Limits
from harness.search.objective import OBJECTIVES
from harness.tasks import Task, reference_key

NO_CUTS = "none"
"""In place of a cut point: only the network in its whole depth."""

TAILS = {"frozen": True, "unfrozen": False}
"""What becomes of the kept part: its weights stay as they are, or are trained with the head."""


@dataclass(frozen=True)
class StudySpec:
    """A search with its limits.

    Attributes:
        name: Of the study; the same name goes on where an earlier run stopped.
        task: Data, metric and float model.
        boards: Board name -> name of its kind, in the order asked.
        limits: What the choice must keep to.
        objective: One of `OBJECTIVES`.
        cuts: Cut points to try; all where none is named, and none where it is `NO_CUTS`.
        heads: Heads to try at every cut.
        tails: Of `TAILS`, to try with each head.
        widths: Factors on the heads' channels to try.
        width_trials: Trials of heads of other widths, on each board.
        seeds: Of training, to try.
        exhaustive: Whether every candidate is trained and fully measured.
        samples: Most test samples asked while searching; None for all. The final figure uses all.
        channels: Trials of fewer channels, on each board.
        channel_budgets: Budgets that are tried beside them, each after each of `channels_after`.
        channels_after: Names of the candidates whose channels are pruned in these trials.
        channels_recipe: Training recipe of these trials; None for that of the candidates they start from.
        sparsity: Share of weights set to 0 in the candidate that shows what this brings; None for none.
        recipe: Training recipe.
        seed: Of the order of the samples.
        toolchain: `"zig"` or `"gcc"`.
        reference: The user's own float model in place of the task's.
        rules: How latency is measured.
    """

    name: str
    task: Task
    boards: dict[str, str]
    limits: Limits
    objective: str = "latency"
    cuts: tuple[str, ...] = ()
    heads: tuple[str, ...] = DEFAULT_HEADS
    tails: tuple[str, ...] = ("frozen",)
    widths: tuple[float, ...] = (1.0,)
    width_trials: int = 0
    seeds: tuple[int, ...] = (0,)
    exhaustive: bool = False
    samples: int | None = None
    channels: int = 0
    channel_budgets: tuple[ChannelBudget, ...] = ()
    channels_after: tuple[str, ...] = (UNPRUNED,)
    channels_recipe: str | None = None
    sparsity: float | None = None
    recipe: str = "quick"
    seed: int = 0
    toolchain: str = "zig"
    reference: Path | None = None
    rules: PerformanceRules = field(default_factory=PerformanceRules)

    def __post_init__(self) -> None:
        if not self.boards:
            raise InputError("a search needs at least one board: give --board")
        if self.samples is not None and self.samples < 1:
            raise InputError(f"--samples must be at least 1, not {self.samples}")
        for option, trials in {"--channels": self.channels, "--width-trials": self.width_trials}.items():
            if trials < 0:
                raise InputError(f"{option} is a number of trials from 0, not {trials}")
        if self.sparsity is not None and not 0 < self.sparsity < 1:
            raise InputError(f"--sparse is a share between 0 and 1, not {self.sparsity}")
        self._check_recipes()
        if self.objective not in OBJECTIVES:
            raise InputError(f"unknown objective {self.objective!r}; choose one of {', '.join(OBJECTIVES)}")
        for tail in self.tails:
            if tail not in TAILS:
                raise InputError(f"unknown tail {tail!r}; known tails: {', '.join(TAILS)}")
        for name in ("heads", "tails", "widths", "seeds", "channels_after"):
            if not getattr(self, name):
                raise InputError(f"--{name.replace('_', '-')} needs at least one value")

    def _check_recipes(self) -> None:
        options = {"--recipe": self.recipe}
        if self.channels_recipe is not None:
            options["--channels-recipe"] = self.channels_recipe
            if not self.channel_trials:
                raise InputError(
                    "--channels-recipe trains what --channels and --channel-budgets try; give one of them"
                )
        for option, name in options.items():
            if load_recipe(name).blending and len(self.task.input_shape) != 3:
                raise InputError(
                    f"{option} {name} blends inputs of height, width and channels, and those of "
                    f"{self.task.name} have the shape {self.task.input_shape}; choose another recipe"
                )

    @property
    def channel_trials(self) -> int:
        """Trials of fewer channels on each board."""
        return self.channels + len(self.channel_budgets) * len(self.channels_after)

    def options(self) -> dict[str, Any]:
        """All that changes the outcome, as JSON values: a study goes on only with the same."""
        return {
            "data": self.task.fingerprint,
            "reference": reference_key(self.task, self.reference),
            "boards": self.boards,
            "limits": self.limits.to_json(),
            "objective": self.objective,
            **({"cuts": list(self.cuts)} if self.cuts else {}),
            "heads": list(self.heads),
            "tails": list(self.tails),
            "widths": list(self.widths),
            **({"width_trials": self.width_trials} if self.width_trials else {}),
            "seeds": list(self.seeds),
            "exhaustive": self.exhaustive,
            "samples": self.samples,
            **(
                {"channels": self.channels, "channels_after": list(self.channels_after)}
                if self.channel_trials
                else {}
            ),
            **(
                {"channel_budgets": [str(one) for one in self.channel_budgets]}
                if self.channel_budgets
                else {}
            ),
            **(
                {
                    "channels_recipe": self.channels_recipe,
                    "channels_training": load_recipe(self.channels_recipe).fingerprint(),
                }
                if self.channels_recipe
                else {}
            ),
            **({"sparsity": self.sparsity} if self.sparsity is not None else {}),
            "recipe": self.recipe,
            "training": load_recipe(self.recipe).fingerprint(),
            "quantization": calibration_fingerprint(self.task.calibration),
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
