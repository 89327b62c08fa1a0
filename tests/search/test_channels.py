"""Fewer channels and sparse weights in a search on the digits task, whose board fails and which is interrupted."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest

from harness.config.kinds import load_kind
from harness.errors import InputError, LinkError
from harness.pruning import RECIPES
from harness.pruning.channels import Annealing
from harness.search import Limits, Observer, StudySpec, run_study, variants
from harness.search.budgets import ChannelBudget
from harness.search.layer_costs import layer_samples
from harness.store import Store
from harness.tasks import load_task

pytestmark = pytest.mark.slow

BOARD = "virtual:nrf52840-dk"


class Interrupted(Exception):
    """The run is over at once."""


class Trouble(Observer):
    """The board fails at the first trial, thrice; the run ends in the second one."""

    def __init__(self) -> None:
        self.first = ""
        self.failures = 0

    def measuring(self, board: str, candidate: str, phase: str, done: int, total: int) -> None:
        if not candidate.startswith("channels") or phase != "latency":
            return
        self.first = self.first or candidate
        if candidate != self.first:
            raise Interrupted
        if self.failures < 3:
            self.failures += 1
            raise LinkError(board, "the line is silent")


class Made(Observer):
    """Keeps which models were there already, and how many epochs the others were trained for."""

    def __init__(self) -> None:
        self.found: dict[str, bool] = {}
        self.epochs: dict[str, int] = {}

    def made(self, candidate: str, found: bool) -> None:
        self.found[candidate] = found

    def training(self, candidate: str, done: int, total: int) -> None:
        self.epochs[candidate] = total


def shorten(patch: pytest.MonkeyPatch, cache: Path, folder: Path) -> None:
    """A recipe `short` and gates of two epochs; boards of this folder."""
    patch.setenv("HARNESS_CACHE_DIR", str(cache))
    patch.setenv("HARNESS_RUNTIME_DIR", str(folder / "run"))
    patch.setitem(RECIPES, "short", replace(RECIPES["quick"], name="short", epochs=2))
    patch.setattr(variants, "Annealing", partial(Annealing, steps=2))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, digits_cache: Path) -> Iterator[Any]:
    """Three runs of one study: with trouble, going on, and once more."""
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch, Store(folder / "results") as store:
        shorten(patch, digits_cache, folder)
        spec = StudySpec(
            "s", load_task("digits"), {BOARD: "nrf52840-dk"}, Limits(max_accuracy_drop=100.0),
            heads=("none",), recipe="short", channels=1, channel_budgets=(ChannelBudget(60, 90),), sparsity=0.5, samples=40,
        )  # fmt: skip
        with pytest.raises(Interrupted):
            run_study(spec, store, Trouble())
        made = Made()
        decision = run_study(spec, store, made)[BOARD]
        rows = store.measurements("s")
        again = Made()
        assert run_study(spec, store, again)[BOARD].candidate == decision.candidate
        trials = optuna.load_study(
            study_name=BOARD, storage=f"sqlite:///{store.folder}/studies/s/optuna.db"
        ).trials
        yield SimpleNamespace(
            store=store, decision=decision, rows=rows, made=made.found, again=again.found, trials=trials
        )


def newest(study: Any, name: str) -> Any:
    return [row for row in study.rows if row.candidate == name and row.status == "ok"][-1]


def test_failed_and_interrupted_trials_are_tried_again(study: Any) -> None:
    assert [trial.state.name for trial in study.trials] == ["FAIL", "COMPLETE", "FAIL", "COMPLETE"]
    first, first_again, second, second_again = study.trials
    assert first.params == first_again.params and second.params == second_again.params
    assert first.params == {"cycles_percent": 60, "flash_percent": 90, "base": "unpruned"}
    assert first.params != second.params
    assert all(study.made[name] for name in study.made if name.startswith("channels")), "trained twice"


def test_trials_tell_what_the_board_measured(study: Any) -> None:
    for trial in study.trials[1::2]:
        rows = [row for row in study.rows if row.latency_us == trial.value and row.head == "channels"]
        assert rows and rows[-1].candidate.startswith(f"channels-c{trial.params['cycles_percent']}")
        assert trial.constraints["accuracy"] <= 0


def test_fewer_channels_are_faster_and_smaller(study: Any) -> None:
    whole = newest(study, "unpruned")
    names = {row.candidate for row in study.rows if row.head == "channels"}
    assert len(names) == 2
    for name in names:
        row = newest(study, name)
        share = int(name.split("-")[1][1:]) / 100
        assert row.cut is None and row.trained and row.macs < whole.macs
        assert row.flash_bytes < whole.flash_bytes and row.ram_bytes <= whole.ram_bytes
        # The budget is kept but for the error of the lines that were fitted to the layers.
        assert row.latency_us < whole.latency_us * share * 1.25
        assert name in study.decision.verdicts


def test_zeros_gain_nothing(study: Any) -> None:
    whole, sparse = newest(study, "unpruned"), newest(study, "sparse-s50")
    assert sparse.latency_us == pytest.approx(whole.latency_us, rel=0.02)
    assert sparse.flash_bytes == pytest.approx(whole.flash_bytes, rel=0.02)
    assert (sparse.cut, sparse.head) == (None, "sparse") and sparse.model_sha256 != whole.model_sha256


def test_a_finished_study_is_left_alone(study: Any) -> None:
    assert study.store.measurements("s") == study.rows
    assert study.again and all(study.again.values())


def test_timed_layers_are_known_by_kind_and_size(study: Any) -> None:
    row = newest(study, "unpruned")
    samples = layer_samples(study.store, load_kind("nrf52840-dk"), [row, row])
    assert {"conv", "depthwise", "pointwise", "dense", "pool"} <= {sample.kind for sample in samples}
    profile = json.loads(study.store.artifacts.read(row.layers_sha256))["layers"]
    # Blocks of one shape that took as long count once.
    assert {(sample.macs, sample.cycles) for sample in samples} == {
        (layer["macs"], layer["cycles"]) for layer in profile
    }
    assert len(samples) < len(profile)
    first = next(sample for sample in samples if sample.kind == "conv")
    assert first.outputs == 8 * 8 * 16 and first.macs == first.outputs * 9


def test_only_the_whole_depth(study: Any, tmp_path: Path, digits_cache: Path, monkeypatch: Any) -> None:
    shorten(monkeypatch, digits_cache, tmp_path)
    spec = StudySpec(
        "whole", load_task("digits"), {BOARD: "nrf52840-dk"}, Limits(max_accuracy_drop=100.0), cuts=("none",),
        samples=20,
    )  # fmt: skip
    assert run_study(spec, study.store, Observer())[BOARD].candidate == "unpruned"
    assert {row.candidate for row in study.store.measurements("whole")} == {"unpruned"}


def test_channels_after_a_cut(study: Any, tmp_path: Path, digits_cache: Path, monkeypatch: Any) -> None:
    shorten(monkeypatch, digits_cache, tmp_path)
    spec = StudySpec(
        "after", load_task("digits"), {BOARD: "nrf52840-dk"}, Limits(max_accuracy_drop=100.0),
        cuts=("block1",), heads=("gap",), recipe="short", channel_budgets=(ChannelBudget(60, 100),), channels_after=("block1-gap",), samples=20,
    )  # fmt: skip
    with pytest.raises(InputError, match="no such candidate in this search; did you mean block1-gap"):
        run_study(replace(spec, name="wrong", channels_after=("block1-gapp",)), study.store, Observer())
    with pytest.raises(InputError, match="--cuts block9: no such cut point"):
        run_study(replace(spec, name="wrong", cuts=("block9",)), study.store, Observer())
    decision = run_study(spec, study.store, Observer())[BOARD]
    rows = {str(row.candidate): row for row in study.store.measurements("after") if row.trained}
    (thin,) = (row for row in rows.values() if row.head == "gap-channels")
    whole = rows["block1-gap"]
    assert thin.candidate == "block1-gap-channels-c60" and thin.cut == "block1"
    assert thin.macs < whole.macs and thin.flash_bytes < whole.flash_bytes
    assert thin.latency_us < whole.latency_us * 0.6 * 1.25
    assert decision.candidate == thin.candidate


def test_channels_are_trained_by_a_recipe_of_their_own(
    study: Any, tmp_path: Path, digits_cache: Path, monkeypatch: Any
) -> None:
    shorten(monkeypatch, digits_cache, tmp_path)
    monkeypatch.setitem(RECIPES, "learn", replace(RECIPES["taught"], name="learn", epochs=3, head_epochs=1))
    spec = StudySpec(
        "own", load_task("digits"), {BOARD: "nrf52840-dk"}, Limits(max_accuracy_drop=100.0), cuts=("block1",), heads=("gap",),
        recipe="short", channel_budgets=(ChannelBudget(70, 100),), channels_after=("block1-gap",), channels_recipe="learn", samples=20,
    )  # fmt: skip
    made = Made()
    run_study(spec, study.store, made)
    gates = sum(Annealing(steps=2).epochs(len(spec.task.train.x)))
    assert made.epochs["block1-gap-channels-c70"] == gates + 3
    assert made.epochs.get("block1-gap", 2) == 2  # trained by the study's, or found so
    # By another recipe it is another network, made of the same one.
    again = Made()
    run_study(replace(spec, name="one", channels_recipe=None), study.store, again)
    assert again.found["block1-gap"] and again.epochs["block1-gap-channels-c70"] == gates + 2
    with pytest.raises(InputError, match="was begun with channels_recipe = 'learn'"):
        run_study(replace(spec, channels_recipe=None), study.store, Observer())
    with pytest.raises(InputError, match="give one of them"):
        replace(spec, channel_budgets=())
