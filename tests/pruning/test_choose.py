"""Which channels stay: whole steps within a budget, by what the network misses least."""

from typing import Any

import numpy as np
import pytest

from harness.errors import SearchError
from harness.pruning.channels import Budget, Resources, prune_channels
from harness.pruning.channels.choose import CHANNEL_STEP, check_budget, choose_channels, judge
from harness.pruning.channels.gates import GatedModel
from harness.pruning.channels.groups import Kept
from harness.tasks.lesson import prepare_lesson
from tests.pruning.networks import NO_TIMES, TRAINING, randomly_gated


def test_channels_come_in_whole_steps(network: Any) -> None:
    gated = randomly_gated(network, 1)
    resources = Resources(gated.graph, NO_TIMES)
    budget = Budget(cycles=float(resources.cycles({})) * 0.7)
    kept = choose_channels(gated, resources, budget, lambda kept: 0.0)
    sizes = gated.graph.sizes
    assert all(
        len(c) % CHANNEL_STEP == 0 or len(c) in (sizes[g], sizes[g] % CHANNEL_STEP) for g, c in kept.items()
    )
    widths = {group: float(len(channels)) for group, channels in kept.items()}
    assert float(resources.cycles(widths)) <= budget.cycles  # type: ignore[operator]


def test_open_channels_stay_where_there_is_room(network: Any) -> None:
    gated = randomly_gated(network, 2)
    resources = Resources(gated.graph, NO_TIMES)
    open_ = {group: np.flatnonzero(np.asarray(value) > 0) for group, value in gated.strengths.items()}
    widths = {
        group: float(min(-(-len(channels) // CHANNEL_STEP) * CHANNEL_STEP, gated.graph.sizes[group]))
        for group, channels in open_.items()
    }
    kept = choose_channels(gated, resources, Budget(cycles=float(resources.cycles(widths))), lambda kept: 0.0)
    assert all(set(open_[group]) <= set(kept[group]) for group in open_)


def test_a_step_that_the_network_needs_stays(network: Any) -> None:
    gated = GatedModel(network)
    resources = Resources(gated.graph, NO_TIMES)
    budget = Budget(flash_bytes=float(resources.flash_bytes({})) * 0.9)
    needed = min(gated.strengths)
    # Its gates are the least open of all.
    gated.strengths[needed].assign(gated.strengths[needed] * 0.01)
    size = gated.graph.sizes[needed]
    assert (
        len(choose_channels(gated, resources, budget, lambda kept: float(size - len(kept[needed])))[needed])
        == size
    )
    assert (
        len(choose_channels(gated, resources, budget, lambda kept: -float(size - len(kept[needed])))[needed])
        < size
    )


def test_a_step_that_saves_more_goes_first(network: Any) -> None:
    gated = GatedModel(network)
    resources = Resources(gated.graph, NO_TIMES)
    sizes = {group: gated.graph.sizes[group] for group in gated.strengths}
    narrower = {group: (size - 1) // CHANNEL_STEP * CHANNEL_STEP for group, size in sizes.items()}
    bytes_left = {
        group: float(resources.flash_bytes({group: float(count)}))
        for group, count in narrower.items()
        if count
    }
    most = min(bytes_left, key=lambda group: bytes_left[group])
    # All steps are worth the same to the network.
    kept = choose_channels(
        gated,
        resources,
        Budget(flash_bytes=bytes_left[most]),
        lambda kept: float(sum(len(kept[group]) < size for group, size in sizes.items())),
    )
    assert {group: len(channels) for group, channels in kept.items()} == sizes | {most: narrower[most]}


def test_the_loss_is_judged_without_the_channels_that_go(bars: Any, small_reference: Any) -> None:
    gated = randomly_gated(small_reference, 3)
    gated.steepness.assign(2.0)
    before = [np.array(value) for value in gated.strengths.values()]
    lesson = prepare_lesson(gated.model, TRAINING, 0, None, None)
    train = (bars.train.x[:30], bars.train.y[:30])
    judged = judge(gated, train, lesson, 0)
    everything: Kept = {group: np.arange(gated.graph.sizes[group]) for group in gated.strengths}
    half: Kept = {group: channels[::2] for group, channels in everything.items()}
    losses = [judged(everything), judged(half), judged(everything)]
    for one, other in zip(before, gated.strengths.values(), strict=True):
        np.testing.assert_array_equal(one, np.array(other))
    assert losses[0] == losses[2]
    for kept, loss in zip((everything, half), losses, strict=False):
        with gated.only(kept):
            given = np.asarray(gated.model(train[0]))
        assert loss == pytest.approx(-np.log(given[np.arange(30), train[1]]).mean(), rel=1e-4)
    # Closed gates leave what their channels' absence leaves, with what the others' gates let through.
    for group, channels in half.items():
        gated.strengths[group].assign(np.where(np.isin(everything[group], channels), before.pop(0), -1e9))
    assert judged(everything) == pytest.approx(losses[1], rel=1e-6)


def test_a_budget_for_nothing_is_refused_before_anything_is_trained(bars: Any, small_reference: Any) -> None:
    told: list[str] = []
    with pytest.raises(SearchError, match="fewest channels in every layer"):
        prune_channels(
            small_reference,
            bars,
            Budget(flash_bytes=10),
            NO_TIMES,
            TRAINING,
            on_epoch=lambda phase, done, total: told.append(phase),
        )
    assert not told


def test_the_least_budget_is_met(network: Any) -> None:
    gated = GatedModel(network)
    resources = Resources(gated.graph, NO_TIMES)
    fewest = {group: float(min(CHANNEL_STEP, gated.graph.sizes[group])) for group in gated.strengths}
    budget = Budget(flash_bytes=float(resources.flash_bytes(fewest)))
    check_budget(gated.graph, resources, budget)
    kept = choose_channels(gated, resources, budget, lambda kept: 0.0)
    assert {group: float(len(channels)) for group, channels in kept.items()} == fewest
