"""Channel pruning: gates that decide, a smaller network that computes the same, costs that are counted right."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.config.kinds import load_kind
from harness.errors import InputError
from harness.firmware import build_image
from harness.pruning.channels import (
    Annealing,
    Budget,
    LayerSample,
    Resources,
    find_groups,
    fit_layer_times,
    magnitude_prune,
    prune_channels,
)
from harness.pruning.channels.anneal import settle
from harness.pruning.channels.extract import extract
from harness.pruning.channels.gates import GatedModel
from harness.pruning.graph import count_macs, count_params, peak_bytes, topological_nodes
from harness.tasks.fit import accuracy
from harness.tasks.framework import load_keras, seeded
from harness.tasks.lesson import prepare_lesson
from harness.tasks.task import Splits
from tests.firmware import models
from tests.pruning.networks import NO_TIMES, TRAINING, randomly_gated, residual


def test_channels_of_an_addition_belong_together() -> None:
    graph = find_groups(residual())
    assert sorted(graph.sizes[group] for group in graph.prunable) == [6, 8, 16]


def test_input_and_output_keep_their_channels(network: Any) -> None:
    graph = find_groups(network)
    assert not {graph.nodes[0].makes, graph.nodes[-1].makes} & graph.prunable


def test_a_layer_that_is_not_understood_keeps_its_channels() -> None:
    layers = load_keras().layers
    inputs = layers.Input((4, 4, 1))
    x = layers.Conv2D(8, 1)(layers.UpSampling2D()(layers.Conv2D(4, 1)(inputs)))
    model = load_keras().Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))
    graph = find_groups(model)
    assert [graph.sizes[group] for group in graph.prunable] == [8]


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_small_network_computes_what_closed_gates_leave(network: Any, seed: int) -> None:
    random = np.random.default_rng(seed)
    gated = GatedModel(network)
    kept = {}
    for group, strength in gated.strengths.items():
        size = strength.shape[0]
        kept[group] = np.sort(random.choice(size, random.integers(1, size + 1), replace=False))
        strength.assign(np.where(np.isin(np.arange(size), kept[group]), 1.0, -1.0))
    gated.steepness.assign(1e4)
    x = random.normal(size=(5, *network.input_shape[1:])).astype(np.float32)
    small = extract(gated.graph, kept, "small")
    np.testing.assert_allclose(small(x).numpy(), gated.model(x).numpy(), rtol=1e-4, atol=1e-5)
    # What the costs of the whole network say of these widths is what those of the small one are.
    widths = {group: float(len(channels)) for group, channels in kept.items()}
    ours, its = Resources(gated.graph, NO_TIMES), Resources(find_groups(small), NO_TIMES)
    for cost in ("flash_bytes", "ram_bytes", "cycles"):
        assert float(getattr(ours, cost)(widths)) == pytest.approx(float(getattr(its, cost)({})), rel=1e-5)


def test_gates_begin_as_the_network_itself(network: Any) -> None:
    gated = GatedModel(network)
    x = np.random.default_rng(0).normal(size=(5, *network.input_shape[1:])).astype(np.float32)
    for steepness in (3.0, 30.0):
        gated.steepness.assign(steepness)
        np.testing.assert_allclose(gated.model(x).numpy(), network(x).numpy(), rtol=1e-4, atol=1e-5)


def test_costs_are_those_of_the_graph(network: Any) -> None:
    nodes = topological_nodes(network)
    resources = Resources(find_groups(network), NO_TIMES)
    assert float(resources.ram_bytes({})) == peak_bytes(nodes)
    weights = sum(int(np.prod(node.operation.kernel.shape)) for node in nodes if count_macs(node))
    assert weights < float(resources.flash_bytes({})) < weights + 13 * count_params(nodes)


def test_weights_in_flash_are_those_of_a_built_image(tmp_path: Any) -> None:
    with seeded(2):
        model = residual()
    resources = Resources(find_groups(model), NO_TIMES)
    image = build_image(models.write(model, tmp_path / "m.tflite"), load_kind("nrf52840-dk"), tmp_path)
    assert float(resources.flash_bytes({})) == pytest.approx(image.size.weights_bytes, rel=0.15)


def test_times_are_found_again() -> None:
    random = np.random.default_rng(0)
    samples = [
        LayerSample("conv", macs, outputs, round(1.2 * macs + 7 * outputs + 300))
        for macs, outputs in random.integers(1000, 100_000, (12, 2)).tolist()
    ]
    times = fit_layer_times(samples)
    assert times.line("conv") == pytest.approx((1.2, 7.0, 300.0), rel=0.02)
    assert times.error < 1e-3
    assert set(times.lines) == {"conv"}


def test_pruning_meets_the_budget_and_keeps_what_matters(bars: Any, small_reference: Any) -> None:
    whole = Resources(find_groups(small_reference), NO_TIMES)
    budget = Budget(cycles=float(whole.cycles({})) * 0.9, flash_bytes=float(whole.flash_bytes({})) * 0.95)
    before = [np.array(weight) for weight in small_reference.get_weights()]
    phases: list[tuple[str, int, int]] = []
    pruned = prune_channels(
        small_reference, bars, budget, NO_TIMES, TRAINING,
        settings=Annealing(40, 20, 20), seed=3, on_epoch=lambda *told: phases.append(told),
    )  # fmt: skip
    assert set(pruned.over) == {"cycles", "flash_bytes"} and max(pruned.over.values()) <= 0
    assert pruned.model.count_params() < small_reference.count_params()
    assert pruned.val_accuracy >= 0.9
    assert all(after <= size for size, after in pruned.widths) and any(a < b for b, a in pruned.widths)
    assert phases[:6] == [("gates", number, 6) for number in range(1, 7)]
    assert [phase for phase, _, _ in phases[6:]] == ["training"] * len(pruned.history)
    for old, new in zip(before, small_reference.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    for layer in pruned.model.layers:  # statistics are the network's own, of the channels that are left
        if isinstance(layer, load_keras().layers.BatchNormalization):
            known = np.asarray(small_reference.get_layer(layer.name).moving_variance)
            assert np.isin(np.asarray(layer.moving_variance), known).all()


def test_settled_gates_leave_what_is_extracted(bars: Any, small_reference: Any) -> None:
    gated = randomly_gated(small_reference, 7)
    gated.steepness.assign(2.0)
    kept = {group: np.arange(0, gated.graph.sizes[group], 2) for group in gated.strengths}
    x = bars.test.x[:20]
    before = gated.model(x).numpy()
    seen: list[float] = []
    settings = Annealing(settling=20, batch_size=50)
    lesson = prepare_lesson(gated.model, TRAINING, 0, None, None)
    train = (bars.train.x, bars.train.y)
    settle(gated, kept, train, lesson, settings, 0, lambda _: seen.append(float(gated.settled)))
    assert seen == sorted(seen) and seen[-1] == float(gated.settled) == 1
    small = extract(gated.graph, kept, "small")
    np.testing.assert_allclose(small(x).numpy(), gated.model(x).numpy(), rtol=1e-4, atol=1e-5)
    assert np.abs(gated.model(x).numpy() - before).max() > 1e-3  # weights and gates have moved


def test_training_that_fails_is_undone(bars: Any, small_reference: Any) -> None:
    budget = Budget(cycles=float(Resources(find_groups(small_reference), NO_TIMES).cycles({})) * 0.9)
    wild = replace(TRAINING, learning_rates=((0, 1e4),), epochs=1)
    pruned = prune_channels(
        small_reference, bars, budget, NO_TIMES, wild, settings=Annealing(40, 20, 20), seed=3
    )
    assert pruned.history[0].val_accuracy < 0.7
    assert pruned.val_accuracy >= 0.8
    assert accuracy(pruned.model, bars.validation.x, bars.validation.y) == pruned.val_accuracy


def test_few_samples_are_passed_over_as_often_as_it_takes() -> None:
    assert Annealing(steps=500, settling=250, batch_size=64).epochs(720) == (42, 21)
    assert Annealing(steps=500, settling=250, batch_size=64).epochs(50_000) == (1, 1)


def test_the_same_seed_gives_the_same_network(bars: Any, small_reference: Any) -> None:
    budget = Budget(cycles=float(Resources(find_groups(small_reference), NO_TIMES).cycles({})) * 0.9)
    quick = Annealing(8, 8, 50)
    first, second = (
        prune_channels(small_reference, bars, budget, NO_TIMES, TRAINING, settings=quick, seed=4)
        for _ in range(2)
    )
    for one, other in zip(first.model.get_weights(), second.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_teacher_makes_classes_needless(bars: Any, small_reference: Any) -> None:
    budget = Budget(cycles=float(Resources(find_groups(small_reference), NO_TIMES).cycles({})) * 0.9)
    taught = replace(TRAINING, distillation=1.0, blending=1.0)
    train = replace(bars.train, y=1 - bars.train.y)
    wrong = replace(bars, read_splits=lambda: Splits(train, bars.validation, bars.test))
    first, second = (
        prune_channels(
            small_reference,
            task,
            budget,
            NO_TIMES,
            taught,
            settings=Annealing(8, 8, 50),
            seed=4,
        )
        for task in (bars, wrong)
    )
    for one, other in zip(first.model.get_weights(), second.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_magnitude_pruning_leaves_the_share_asked_for(bars: Any, small_reference: Any) -> None:
    sparse, _ = magnitude_prune(small_reference, bars, 0.5, TRAINING, seed=1)
    kernels = [np.asarray(layer.kernel) for layer in sparse.layers if hasattr(layer, "kernel")]
    assert sum((kernel == 0).sum() for kernel in kernels) >= 0.49 * sum(kernel.size for kernel in kernels)
    with pytest.raises(InputError, match="sparsity"):
        magnitude_prune(small_reference, bars, 1.0, TRAINING)
