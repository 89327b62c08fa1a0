"""Candidates, heads and the networks put together from them."""

from typing import Any

import numpy as np
import pytest

from harness.errors import InputError
from harness.pruning import HEADS, Candidate, build_candidate, list_candidates, model_params
from harness.tasks.fit import predict
from harness.tasks.framework import load_keras
from harness.tasks.model_file import load_model, model_fingerprint, save_model


@pytest.mark.parametrize(
    ("candidate", "key"),
    [
        (Candidate(None, None), "unpruned"),
        (Candidate("block2", "aux"), "block2-aux"),
        (Candidate("conv1", "dense", frozen=False), "conv1-dense-unfrozen"),
        (Candidate("block2", "aux", seed=3), "block2-aux-seed3"),
        (Candidate("block2", "aux", frozen=False, seed=3), "block2-aux-unfrozen-seed3"),
    ],
)
def test_keys(candidate: Candidate, key: str) -> None:
    assert candidate.key == key


def test_impossible_candidates_are_refused(small_reference: Any) -> None:
    with pytest.raises(InputError, match="give both or neither"):
        Candidate("conv1", None)
    with pytest.raises(InputError, match="give both or neither"):
        Candidate(None, "aux")
    with pytest.raises(InputError, match="unknown head 'auxx'; known heads: aux, dense"):
        Candidate("conv1", "auxx")
    with pytest.raises(InputError, match="no cut point 'block9'; it has conv1, block1, block2"):
        build_candidate(small_reference, Candidate("block9", "aux"), 2)


def test_list_goes_from_unpruned_through_all_cuts_and_heads(small_reference: Any) -> None:
    assert [candidate.key for candidate in list_candidates(small_reference)] == [
        "unpruned", "conv1-aux", "conv1-dense", "block1-aux", "block1-dense", "block2-aux", "block2-dense",
    ]  # fmt: skip


def head_params(head: str, channels: int, classes: int) -> int:
    keras = load_keras()
    x = inputs = keras.layers.Input((12, 12, channels))
    for layer in HEADS[head](classes):
        x = layer(x)
    return model_params(keras.Model(inputs, x))


def test_head_sizes_are_the_published_ones() -> None:
    assert [head_params("aux", channels, 2) for channels in (8, 32, 64, 128, 256)] == [
        1_602, 2_706, 4_178, 7_122, 13_010,
    ]  # fmt: skip
    assert head_params("aux", 64, 12) == 4_348
    assert head_params("dense", 64, 12) == 64 * 64 + 64 + 64 * 32 + 32 + 32 * 12 + 12


@pytest.mark.parametrize("head", list(HEADS))
def test_kept_part_is_a_copy_with_the_references_weights(small_reference: Any, head: str) -> None:
    before = model_fingerprint(small_reference)
    model = build_candidate(small_reference, Candidate("block1", head), 2)
    kept = [layer for layer in model.layers if not layer.name.startswith("head_")]
    assert kept[-1].name == "block1_pw_relu"
    for layer in kept:
        for mine, theirs in zip(
            layer.get_weights(), small_reference.get_layer(layer.name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(mine, theirs)
        layer.set_weights([weight + 1 for weight in layer.get_weights()])
    assert model_fingerprint(small_reference) == before


def test_unpruned_is_the_reference(small_reference: Any) -> None:
    x = np.random.default_rng(0).random((3, 6, 6, 1), np.float32)
    model = build_candidate(small_reference, Candidate(None, None), 2)
    np.testing.assert_array_equal(predict(model, x), predict(small_reference, x))
    assert model is not small_reference


def test_untrained_weights_follow_the_seed(small_reference: Any) -> None:
    prints = [
        model_fingerprint(build_candidate(small_reference, Candidate("conv1", "aux", seed=seed), 2))
        for seed in (0, 0, 1)
    ]
    assert prints[0] == prints[1] != prints[2]


def test_candidates_survive_a_file(small_reference: Any, tmp_path: Any) -> None:
    x = np.random.default_rng(0).random((3, 6, 6, 1), np.float32)
    model = build_candidate(small_reference, Candidate("block1", "aux"), 2)
    save_model(model, tmp_path / "candidate.keras")
    np.testing.assert_array_equal(predict(load_model(tmp_path / "candidate.keras"), x), predict(model, x))
