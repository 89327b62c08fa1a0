"""Trials of heads of other widths on one board."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.pruning import Candidate
from harness.search.board_search import BoardSearch
from harness.search.strategies import measure_candidate
from harness.search.trials import Outcome, run_trials

if TYPE_CHECKING:
    import optuna

WIDTH_EIGHTHS = (1, 32)
"""Least and most of a head's width, in eighths of what it is usually: a step of four of 32 channels."""


def try_widths(search: BoardSearch, bases: Sequence[Candidate]) -> None:
    """Measure as many trials as the study asks for; those of an earlier run count.

    Args:
        search: The board's search, whose candidates were timed.
        bases: Candidates whose heads are given other widths; which of them is proposed too.
    """
    run_trials(search, WidthSpace(search, {base.key: base for base in bases}))


@dataclass(frozen=True)
class WidthSpace:
    """Which candidate, and how wide its head is.

    Attributes:
        search: The board's.
        bases: Candidates by name.
    """

    search: BoardSearch
    bases: Mapping[str, Candidate]

    @property
    def name(self) -> str:
        """That of the board, and of what is tried."""
        return f"{self.search.board} widths"

    @property
    def count(self) -> int:
        """As the study asks."""
        return self.search.spec.width_trials

    @property
    def asked_for(self) -> list[dict[str, Any]]:
        """None: widths that are known beforehand are candidates of the study."""
        return []

    def propose(self, trial: "optuna.Trial") -> None:
        """A width, and whose."""
        trial.suggest_int("width_eighths", *WIDTH_EIGHTHS, log=True)
        trial.suggest_categorical("base", list(self.bases))

    def measure(self, trial: "optuna.Trial") -> Outcome:
        """Time a candidate, and measure it where it can still win; no figures where it cannot."""
        return measure_candidate(self.search, self._candidate(trial))

    def recall(self, trial: "optuna.trial.FrozenTrial") -> None:
        """As it was found."""
        measure_candidate(self.search, self._candidate(trial))

    def _candidate(self, trial: "optuna.Trial | optuna.trial.FrozenTrial") -> Candidate:
        return replace(self.bases[trial.params["base"]], width=trial.params["width_eighths"] / 8)
