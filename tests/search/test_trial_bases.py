"""What trials of fewer channels start from, where not all of it was measured on the board."""

from types import SimpleNamespace
from typing import Any

import optuna
import pytest

from harness.errors import SearchError
from harness.pruning import UNPRUNED, Candidate
from harness.search import channel_trials
from harness.search.channel_trials import ChannelSpace
from harness.search.layer_costs import MeasuredCosts
from harness.search.limits import Limits
from harness.search.trials import try_one

BASES = {UNPRUNED: Candidate(None, None), "block1-gap": Candidate("block1", "gap")}
COSTS = MeasuredCosts((), 1000, 100, 50)


def search_where(fits: bool) -> Any:
    """A board on which `block1-gap` failed, or which it does not fit."""
    spec = SimpleNamespace(seed=0, seeds=(0,), limits=Limits(), recipe="quick", channels_recipe=None)
    timing = SimpleNamespace(fits=fits)
    return SimpleNamespace(
        spec=spec,
        board="desk",
        known=lambda name: SimpleNamespace(timing=timing),
        observer=SimpleNamespace(passed_over=lambda *_: None),
        pass_over=lambda *_: None,
    )


def try_often(monkeypatch: pytest.MonkeyPatch, fits: bool, costs: dict[str, MeasuredCosts]) -> Any:
    def refuse(*_: Any) -> None:
        raise SearchError("below the fewest channels")

    monkeypatch.setattr(channel_trials, "measure_variant", refuse)
    trials = optuna.create_study()
    search = search_where(fits)
    outcomes = [try_one(search, trials, ChannelSpace(search, BASES, costs)) for _ in range(12)]
    return trials, search, outcomes


def test_a_base_that_does_not_fit_counts_as_a_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    trials, search, outcomes = try_often(monkeypatch, False, {UNPRUNED: COSTS})
    assert all(outcomes)
    assert {trial.params["base"] for trial in trials.trials} == set(BASES)
    assert {trial.state.name for trial in trials.trials} == {"PRUNED"}
    for trial in trials.trials:  # as a later run does
        ChannelSpace(search, BASES, {}).recall(trial)


def test_a_base_that_failed_is_proposed_again_once_it_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    trials, search, outcomes = try_often(monkeypatch, True, {UNPRUNED: COSTS})
    assert not outcomes[-1] and trials.trials[-1].state.name == "FAIL"
    assert trials.trials[-1].params["base"] == "block1-gap"
    assert try_one(search, trials, ChannelSpace(search, BASES, dict.fromkeys(BASES, COSTS)))
    assert trials.trials[-1].params == trials.trials[-2].params
