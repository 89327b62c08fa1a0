"""Candidates, heads and the networks put together from them."""

from typing import Any

import numpy as np
import pytest

from harness.errors import InputError
from harness.pruning import (
    HEADS,
    Candidate,
    build_candidate,
    list_candidates,
    model_macs,
    model_params,
)
from harness.pruning.heads import HeadSpec, adapted_blocks
from harness.tasks.dscnn import build_ds_cnn
from harness.tasks.fit import predict
from harness.tasks.framework import load_keras
from harness.tasks.model_file import load_model, model_fingerprint, save_model
from harness.tasks.pretrained import VWW_ARCHITECTURE


@pytest.mark.parametrize(
    ("candidate", "key"),
    [
        (Candidate(None, None), "unpruned"),
        (Candidate("block2", "aux"), "block2-aux"),
        (Candidate("conv1", "dense", frozen=False), "conv1-dense-unfrozen"),
        (Candidate("block2", "aux", seed=3), "block2-aux-seed3"),
        (Candidate("block2", "aux", frozen=False, seed=3), "block2-aux-unfrozen-seed3"),
        (Candidate("block2", "adapted", width=0.5, seed=3), "block2-adapted-w0.5-seed3"),
        (Candidate(None, None, seed=3), "unpruned"),
        (Candidate(None, "none"), "unpruned-trained"),
        (Candidate(None, "none", frozen=False, seed=3), "unpruned-trained-seed3"),
    ],
)
def test_keys(candidate: Candidate, key: str) -> None:
    assert candidate.key == key


def test_impossible_candidates_are_refused(small_reference: Any) -> None:
    with pytest.raises(InputError, match="give both or neither"):
        Candidate("conv1", None)
    with pytest.raises(InputError, match="give both or neither"):
        Candidate(None, "aux")
    with pytest.raises(InputError, match="unknown head 'auxx'; known heads: aux, dense, gap, adapted, none"):
        Candidate("conv1", "auxx")
    with pytest.raises(InputError, match="give both or neither"):
        Candidate("conv1", "none")
    with pytest.raises(InputError, match="above 0 and at most 16, not 0"):
        Candidate("conv1", "aux", width=0)
    with pytest.raises(InputError, match="no cut point 'block9'; it has conv1, block1, block2"):
        build_candidate(small_reference, Candidate("block9", "aux"), 2)


def test_list_goes_from_unpruned_through_all_cuts_and_heads(small_reference: Any) -> None:
    assert [candidate.key for candidate in list_candidates(small_reference)] == [
        "unpruned", "conv1-aux", "conv1-dense", "block1-aux", "block1-dense", "block2-aux", "block2-dense",
    ]  # fmt: skip


def test_list_names_each_option_once(small_reference: Any) -> None:
    found = list_candidates(
        small_reference, ("none", "gap", "adapted"), seed=2, frozen=(True, False), widths=(1.0, 0.5)
    )
    assert [candidate.key for candidate in found][:9] == [
        "unpruned",
        "unpruned-trained-seed2",
        "conv1-gap-seed2",
        "conv1-gap-unfrozen-seed2",
        "conv1-adapted-seed2",
        "conv1-adapted-unfrozen-seed2",
        "conv1-adapted-w0.5-seed2",
        "conv1-adapted-w0.5-unfrozen-seed2",
        "block1-gap-seed2",
    ]
    with pytest.raises(InputError, match="unknown head 'auxx'"):
        list_candidates(small_reference, ("aux", "auxx"))


def head_model(head: str, map_shape: tuple[int, int, int], classes: int, width: float = 1.0) -> Any:
    keras = load_keras()
    x = inputs = keras.layers.Input(map_shape)
    for layer in HEADS[head](HeadSpec(classes, map_shape, width)):
        x = layer(x)
    return keras.Model(inputs, x)


def head_params(head: str, channels: int, classes: int) -> int:
    return model_params(head_model(head, (12, 12, channels), classes))


def test_head_sizes_are_the_published_ones() -> None:
    assert [head_params("aux", channels, 2) for channels in (8, 32, 64, 128, 256)] == [
        1_602, 2_706, 4_178, 7_122, 13_010,
    ]  # fmt: skip
    assert head_params("aux", 64, 12) == 4_348
    assert head_params("gap", 64, 12) == 64 * 12 + 12
    assert head_params("dense", 64, 12) == 64 * 64 + 64 + 64 * 32 + 32 + 32 * 12 + 12


def test_width_scales_hidden_channels_to_multiples_of_four() -> None:
    assert head_params("dense", 64, 12) > model_params(head_model("dense", (12, 12, 64), 12, 0.5))
    shapes = [layer.output.shape[-1] for layer in head_model("aux", (6, 6, 8), 3, 0.3).layers]
    assert set(shapes) == {8, 3, 4}  # 32 and 16 times 0.3, to 8 and 4


@pytest.mark.parametrize("shape", [(25, 5, 64), (48, 48, 8), (1, 1, 16), (3, 40, 4)])
def test_adapted_head_ends_on_sixteen_positions_with_cheap_blocks(shape: tuple[int, int, int]) -> None:
    height, width, _ = shape
    blocks = adapted_blocks(HeadSpec(2, shape))
    costs, channels = [], shape[2]
    for stride, filters in blocks:
        height, width = -(-height // stride), -(-width // stride)
        costs.append(height * width * channels * (9 + filters))
        channels = filters
    assert height * width <= 16 and len(blocks) >= 2 and filters <= 32
    assert model_macs(head_model("adapted", shape, 2)) == sum(costs) + channels * 2


def test_later_cuts_of_mobilenet_cost_more_with_the_adapted_head_and_not_with_aux() -> None:
    model = build_ds_cnn(VWW_ARCHITECTURE, 2)
    totals = {
        head: [model_macs(build_candidate(model, Candidate(f"block{cut}", head), 2)) for cut in range(1, 6)]
        for head in ("aux", "adapted")
    }
    assert totals["adapted"] == sorted(totals["adapted"])
    assert totals["aux"] != sorted(totals["aux"])


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
