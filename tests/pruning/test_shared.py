"""Feature maps that a thinned network shares with the whole one, and keeps like it in training."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.pruning.channels import find_groups
from harness.pruning.channels.extract import extract
from harness.pruning.channels.shared import shared_maps
from harness.pruning.graph import is_layer
from harness.pruning.statistics import keep_statistics
from harness.tasks import Task
from harness.tasks.distil import maps_apart
from harness.tasks.fit import fit
from harness.tasks.framework import load_keras
from harness.tasks.recipe import Recipe
from harness.tasks.shared_map import SharedMap
from tests.pruning.networks import plain, randomised, residual

STILL = Recipe("still", 1, 20, ((0, 0.0),), distillation=1.0, blending=1.0, matching=0.5)


def test_maps_apart_is_a_share_of_the_variance() -> None:
    random = np.random.default_rng(0)
    found, wanted = random.normal(size=(2, 5, 4, 3, 2)).astype(np.float32)
    rows, columns = random.normal(2, 3, size=(2, 5, 7)).astype(np.float32)
    apart = np.asarray(maps_apart([found, rows], [wanted, columns]))
    of_maps = np.square(found - wanted).mean(axis=(1, 2, 3)) / wanted.var()
    of_rows = np.square(rows - columns).mean(axis=1) / columns.var()
    np.testing.assert_allclose(apart[:, 0], (of_maps + of_rows) / 2, rtol=1e-5)


def test_maps_are_shared_after_batchnorm_and_activation() -> None:
    graph = find_groups(plain())
    kept = {group: np.arange(0, graph.sizes[group], 2) for group in graph.prunable}
    shared = shared_maps(graph, kept)
    kinds = [name.rstrip("_0123456789") for name in (one.layer for one in shared)]
    assert kinds == ["re_lu", "p_re_lu", "conv2d", "dropout"]
    assert [len(one.channels) for one in shared] == [4, 4, 6, 5]


@pytest.mark.parametrize("build", [plain, residual])
def test_what_is_extracted_has_the_maps_of_the_channels_that_stay(build: Any) -> None:
    network = randomised(build())
    graph = find_groups(network)
    kept = {group: np.arange(1, graph.sizes[group], 2) for group in graph.prunable}
    _read_nothing_else(network, graph, kept)
    small = extract(find_groups(network), kept, "small")
    x = np.random.default_rng(1).normal(size=(5, *network.input_shape[1:])).astype(np.float32)
    shared = shared_maps(graph, kept)
    assert shared
    for one in shared:
        wanted = _map(network, one, x)[..., one.channels]
        np.testing.assert_allclose(_map(small, one, x), wanted, rtol=1e-3, atol=1e-4)


def _read_nothing_else(network: Any, graph: Any, kept: Any) -> None:
    """Weights of layers that read what goes are 0: the channels that stay are then as in the whole network."""
    for found in graph.consumers():
        layer = found.node.operation
        if is_layer(layer, "DepthwiseConv2D"):
            continue
        goes = np.setdiff1d(np.arange(graph.sizes[found.reads[0]]), kept[found.reads[0]])
        kernel = np.array(layer.kernel)
        if is_layer(layer, "Dense"):
            places = np.arange(found.places)[:, None] * graph.sizes[found.reads[0]]
            kernel[(places + goes).reshape(-1)] = 0
        else:
            kernel[:, :, goes] = 0
        layer.kernel.assign(kernel)


def test_a_network_that_is_its_teacher_has_nothing_to_learn(bars: Task, small_reference: Any) -> None:
    graph = find_groups(small_reference)
    kept = {group: np.arange(graph.sizes[group]) for group in graph.prunable}
    same = extract(graph, kept, "same")
    keep_statistics(same.layers)
    train, validation = (bars.train.x, bars.train.y), (bars.validation.x, bars.validation.y)

    def loss(maps: tuple[SharedMap, ...]) -> float:
        return fit(same, train, validation, STILL, 0, teacher=small_reference, maps=maps).best.val_loss

    maps = shared_maps(graph, kept)
    assert loss(maps) == pytest.approx(0, abs=1e-5)
    # Channels in another order are far from what they should be.
    turned = tuple(replace(one, channels=one.channels[::-1]) for one in maps)
    assert loss(turned) > 0.1


def test_matching_keeps_maps_alike(bars: Task, small_reference: Any) -> None:
    graph = find_groups(small_reference)
    kept = {group: np.arange(0, graph.sizes[group], 2) for group in graph.prunable}
    maps = shared_maps(graph, kept)
    train, validation = (bars.train.x, bars.train.y), (bars.validation.x, bars.validation.y)

    def apart(matching: float) -> float:
        small = extract(graph, kept, "small")
        keep_statistics(small.layers)
        recipe = Recipe("taught", 10, 20, ((0, 1e-2),), distillation=1.0, matching=matching)
        fit(small, train, validation, recipe, 0, teacher=small_reference, maps=maps)
        found = [_map(small, one, bars.test.x) for one in maps]
        wanted = [_map(small_reference, one, bars.test.x)[..., one.channels] for one in maps]
        return float(np.mean(maps_apart(found, wanted)))

    assert apart(3.0) < 0.8 * apart(0.0)


def _map(model: Any, shared: SharedMap, x: Any) -> Any:
    return load_keras().Model(model.input, model.get_layer(shared.layer).output)(x).numpy()
