"""Heads of widths that optuna proposes: trials on the digits task, stopped and gone on with."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest

from harness.errors import InputError
from harness.pruning import RECIPES, Candidate
from harness.search import Limits, Observer, StudySpec, run_study, strategies
from harness.search.evidence import Evidence
from harness.search.strategies import measure_candidate
from harness.search.trials import run_trials, try_one
from harness.search.width_trials import WIDTH_EIGHTHS, WidthSpace
from harness.store import Store
from harness.tasks import load_task
from tests.report.studies import row

BOARD = "virtual:nrf52840-dk"
BASES = {"block1-aux": Candidate("block1", "aux"), "block2-dense": Candidate("block2", "dense")}


class Interrupted(Exception):
    """The run is over at once."""


class Told(Observer):
    """Keeps what was measured and what was passed over; may end the run at the second trial."""

    def __init__(self, ends: bool = False) -> None:
        self.ends = ends
        self.found: dict[str, bool] = {}
        self.passed: list[str] = []

    def measured(self, board: str, candidate: str, found: bool) -> None:
        self.found[candidate] = found

    def passed_over(self, board: str, candidate: str, why: str) -> None:
        self.passed.append(candidate)

    def measuring(self, board: str, candidate: str, phase: str, done: int, total: int) -> None:
        if self.ends and sum("-w" in name for name in self.found) > 1:
            raise Interrupted


def spec_of(recipe: str = "short") -> StudySpec:
    return StudySpec(
        "s", load_task("digits"), {BOARD: "nrf52840-dk"}, Limits(max_accuracy_drop=100.0),
        cuts=("block1", "block2"), heads=("dense",), recipe=recipe, width_trials=6, samples=40,
    )  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, digits_cache: Path) -> Iterator[Any]:
    """Three runs of one study: stopped at the second trial, gone on with, and once more."""
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch, Store(folder / "results") as store:
        patch.setenv("HARNESS_CACHE_DIR", str(digits_cache))
        patch.setenv("HARNESS_RUNTIME_DIR", str(folder / "run"))
        patch.setitem(RECIPES, "short", replace(RECIPES["quick"], name="short", epochs=2))
        with pytest.raises(Interrupted):
            run_study(spec_of(), store, Told(ends=True))
        first, again = Told(), Told()
        decision = run_study(spec_of(), store, first)[BOARD]
        rows = store.measurements("s")
        assert run_study(spec_of(), store, again)[BOARD] == decision
        trials = optuna.load_study(
            study_name=f"{BOARD} widths", storage=f"sqlite:///{store.folder}/studies/s/optuna.db"
        ).trials
        assert len(store.measurements("s")) == len(rows)
        yield SimpleNamespace(decision=decision, rows=rows, first=first, again=again, trials=trials)


@pytest.mark.slow
def test_as_many_widths_are_tried_as_asked(study: Any) -> None:
    finished = [trial for trial in study.trials if trial.state.is_finished() and trial.state.name != "FAIL"]
    assert len({tuple(trial.params.values()) for trial in finished}) == 6
    low, high = WIDTH_EIGHTHS
    for trial in finished:
        assert low <= trial.params["width_eighths"] <= high
        assert trial.params["base"] in ("block1-dense", "block2-dense")
    assert all(study.again.found.values())  # nothing is measured twice


@pytest.mark.slow
def test_the_trial_that_was_stopped_is_tried_again(study: Any) -> None:
    stopped = [trial.number for trial in study.trials if trial.state.name == "FAIL"]
    assert len(stopped) == 1
    assert study.trials[stopped[0] + 1].params == study.trials[stopped[0]].params


@pytest.mark.slow
def test_a_width_is_a_candidate_that_the_board_measured(study: Any) -> None:
    timed = {one.candidate: one for one in study.rows if "-w" in one.candidate}
    assert timed
    for trial in study.trials:
        if trial.state.name == "COMPLETE":
            name = str(
                Candidate(
                    trial.params["base"].split("-")[0], "dense", width=trial.params["width_eighths"] / 8
                ).key
            )
            measured = [one for one in study.rows if one.candidate == name and one.trained]
            assert trial.value in [one.latency_us for one in measured]
    # What is slower than the best so far is timed untrained, and no more.
    slower = [name for name in study.first.passed if "-w" in name]
    trained = {one.candidate for one in study.rows if one.trained}
    assert not trained & set(slower)
    wide, narrow = (max(timed, key=_width), min(timed, key=_width))
    assert _width(wide) > _width(narrow)
    assert timed[wide].flash_bytes > timed[narrow].flash_bytes


def _width(name: str) -> float:
    return float(name.split("-w")[1])


class FakeSearch(SimpleNamespace):
    """A board on which a candidate fails, is passed over, or does not fit."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(spec=SimpleNamespace(seed=0, width_trials=9), board="desk", evidence=evidence)


@pytest.mark.parametrize(
    "evidence, states, went_on",
    [
        (Evidence(row=row("desk", "c", status="failed", fits=None)), ["FAIL", "WAITING"], False),
        (Evidence(row=row("desk", "c", fits=False)), ["PRUNED"], True),
        (Evidence(), ["PRUNED"], True),
    ],
)
def test_only_what_was_measured_tells_of_a_width(
    monkeypatch: pytest.MonkeyPatch, evidence: Evidence, states: list[str], went_on: bool
) -> None:
    monkeypatch.setattr("harness.search.width_trials.measure_candidate", lambda search, _: search.evidence)
    search: Any = FakeSearch(evidence)
    trials = optuna.create_study()
    assert try_one(search, trials, WidthSpace(search, BASES)) is went_on
    assert [trial.state.name for trial in trials.trials] == states
    if not went_on:
        again = trials.ask()
        WidthSpace(search, BASES).propose(again)
        assert again.params == trials.trials[0].params


def test_what_was_measured_already_stays_as_it_is() -> None:
    passed: list[Any] = []
    known = Evidence(row=row("desk", "block1-aux"))
    search: Any = FakeSearch(known)  # without a trainer or a worker
    search.known = lambda name: {"block1-aux": known}[name]
    search.observer = SimpleNamespace(passed_over=lambda *told: passed.append(told))
    assert measure_candidate(search, BASES["block1-aux"]) is known
    assert passed == [("desk", "block1-aux", "measured already")]


@pytest.mark.parametrize("why", [None, "2.00 x the time of unpruned"])
def test_what_cannot_win_is_timed_and_not_trained(monkeypatch: pytest.MonkeyPatch, why: str | None) -> None:
    done: list[str] = []
    search: Any = FakeSearch(Evidence())
    search.spec.exhaustive = False
    search.known = lambda name: search.evidence
    search.trainer = SimpleNamespace(
        untrained=lambda one: SimpleNamespace(result=lambda: one.key),
        trained=lambda one: SimpleNamespace(result=lambda: done.append(f"trained {one.key}")),
    )
    search.time_untrained = lambda name: done.append(f"timed {name}")
    search.pass_over = lambda name, told: done.append(f"{name}: {told}")
    monkeypatch.setattr(strategies, "_ruled_out", lambda *_: why)
    monkeypatch.setattr(strategies, "_measure", lambda *_: None)
    measure_candidate(search, BASES["block1-aux"])
    assert done == ["timed block1-aux", f"block1-aux: {why}" if why else "trained block1-aux"]


def test_a_space_that_is_used_up_ends_the_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    trials, passed, tried = optuna.create_study(), [], []
    search: Any = FakeSearch(Evidence())
    search.observer = SimpleNamespace(passed_over=lambda *told: passed.append(told))
    monkeypatch.setattr("harness.search.trials.open_trials", lambda search, name: trials)
    monkeypatch.setattr("harness.search.width_trials.WIDTH_EIGHTHS", (1, 2))
    monkeypatch.setattr(
        "harness.search.width_trials.measure_candidate",
        lambda search, candidate: tried.append(candidate.key) or search.evidence,
    )
    run_trials(search, WidthSpace(search, BASES))  # 9 of 4
    assert sorted(tried) == [f"{name}-w{width}" for name in sorted(BASES) for width in (0.125, 0.25)]
    assert passed == [
        ("desk", f"trial {number} of desk widths", "nothing new was proposed") for number in range(5, 10)
    ]


def test_widths_need_a_head_that_has_one(tmp_path: Path) -> None:
    plain = spec_of("quick")
    with Store(tmp_path) as store:
        for options in ({"heads": ("gap",)}, {"cuts": ("none",)}):
            with pytest.raises(InputError, match="no candidate of this search has a head with a width"):
                run_study(replace(plain, **options), store, Observer())
    with pytest.raises(InputError, match="--width-trials is a number of trials from 0, not -1"):
        replace(plain, width_trials=-1)
