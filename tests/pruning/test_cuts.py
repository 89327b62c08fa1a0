"""Cut points, against the published figures of known networks and on hand-made graphs."""

from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError
from harness.pruning import (
    Candidate,
    build_candidate,
    find_cuts,
    model_macs,
    model_params,
    model_peak_ram_bytes,
)
from harness.tasks.digits_reference import ARCHITECTURE as DIGITS
from harness.tasks.dscnn import build_ds_cnn
from harness.tasks.framework import load_keras
from harness.tasks.kws_reference import ARCHITECTURE as KWS
from harness.tasks.pretrained import VWW_ARCHITECTURE
from harness.tasks.resnet import build_resnet8

NAMES = ["conv1", "block1", "block2", "block3", "block4"]


def test_kws_cuts_and_sizes_are_the_published_ones() -> None:
    model = build_ds_cnn(KWS, 12)
    assert (model_params(model), model_macs(model)) == (24_908, 2_656_768)
    cuts = find_cuts(model)
    assert [cut.name for cut in cuts] == NAMES
    assert [cut.index for cut in cuts] == [0, 1, 2, 3, 4]
    assert {cut.map_shape for cut in cuts} == {(25, 5, 64)}
    pruned = [build_candidate(model, Candidate(name, "aux"), 12) for name in NAMES]
    assert [model_params(model) for model in pruned] == [7_228, 12_540, 17_852, 23_164, 28_476]
    assert [round(model_macs(model) / 1e6, 3) for model in pruned] == [0.748, 1.332, 1.916, 2.5, 3.084]
    head_params, head_macs = 4_348, 428_192
    assert [cut.params + head_params for cut in cuts] == [model_params(model) for model in pruned]
    assert [cut.macs + head_macs for cut in cuts] == [model_macs(model) for model in pruned]


def test_digits_cuts() -> None:
    cuts = find_cuts(build_ds_cnn(DIGITS, 10))
    assert [cut.name for cut in cuts] == NAMES
    assert [cut.map_shape for cut in cuts] == [(8, 8, 16), (8, 8, 32), (4, 4, 32), (4, 4, 32), (4, 4, 32)]
    assert [cut.layer_name for cut in cuts] == ["conv1_relu", *(f"{name}_pw_relu" for name in NAMES[1:])]


def test_a_users_mobilenet_cuts_where_the_paper_does(shared_data: Path) -> None:
    keras = load_keras()

    class Depthwise(keras.layers.DepthwiseConv2D):  # type: ignore[misc,name-defined]
        def __init__(self, *args: Any, groups: int = 1, **options: Any) -> None:
            super().__init__(*args, **options)

    model = keras.saving.load_model(
        shared_data / "models" / "vww_96.h5", compile=False, custom_objects={"DepthwiseConv2D": Depthwise}
    )
    cuts = find_cuts(model)
    assert [cut.layer_name for cut in cuts] == [
        f"activation_{2 * number}" if number else "activation" for number in range(14)
    ]
    pruned = build_candidate(model, Candidate("block5", "aux"), 2)
    assert (model_params(pruned), model_macs(pruned)) == (15_410, 3_594_272)


def residual_network(*, inner_activation: str) -> Any:
    layers = load_keras().layers
    inputs = layers.Input((8, 8, 3), name="input")
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="stem")(inputs)
    inner = layers.Conv2D(4, 3, padding="same", activation=inner_activation, name="inner")(x)
    x = layers.Add(name="sum")([x, inner])
    x = layers.ReLU(name="sum_relu")(x)
    x = layers.Dropout(0.1, name="dropout")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return load_keras().Model(
        inputs, layers.Dense(2, activation="softmax", name="classes")(x), name="residual"
    )


def test_cuts_never_leave_a_path_around_them() -> None:
    # "inner" has an activation, but the shortcut goes around it.
    cuts = find_cuts(residual_network(inner_activation="relu"))
    assert [cut.layer_name for cut in cuts] == ["stem", "sum_relu"]
    assert [cut.params for cut in cuts] == [112, 112 + 148]
    assert [cut.macs for cut in cuts] == [64 * 27 * 4, 64 * 27 * 4 + 64 * 36 * 4]


def test_a_shortcut_from_the_input_hides_what_it_goes_around() -> None:
    layers = load_keras().layers
    inputs = layers.Input((8, 8, 1), name="input")
    x = layers.Conv2D(1, 3, padding="same", activation="relu", name="hidden")(inputs)
    x = layers.Add(name="sum")([x, inputs])
    x = layers.Conv2D(2, 3, activation="relu", name="open")(x)
    x = layers.Dense(2, name="classes")(layers.Flatten(name="flat")(x))
    assert [cut.layer_name for cut in find_cuts(load_keras().Model(inputs, x))] == ["sum", "open"]


def test_sequential_models_with_activations_inside_their_layers() -> None:
    keras = load_keras()
    model = keras.Sequential(
        [
            keras.layers.Input((8, 8, 1)),
            keras.layers.Conv2D(4, 3, name="linear"),
            keras.layers.Conv2D(4, 3, activation="relu", name="first"),
            keras.layers.DepthwiseConv2D(3, activation="relu", name="depthwise"),
            keras.layers.Conv2D(6, 1, name="second"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Activation("relu", name="second_relu"),
            keras.layers.Flatten(name="flat"),
            keras.layers.Dense(5, activation="relu", name="dense"),
            keras.layers.Dense(2, name="classes"),
        ]
    )
    assert [(cut.name, cut.layer_name) for cut in find_cuts(model)] == [
        ("conv1", "first"),
        ("block1", "second_relu"),
    ]


def test_models_that_cannot_be_cut_are_refused_with_the_reason() -> None:
    keras = load_keras()
    flat = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2)], name="flat")
    with pytest.raises(InputError, match="model 'flat' has no point to cut at"):
        find_cuts(flat)
    first, second = keras.layers.Input((4, 4, 1)), keras.layers.Input((4, 4, 1))
    two = keras.Model([first, second], keras.layers.Add()([first, second]), name="two")
    with pytest.raises(InputError, match="model 'two' has 2 inputs and 1 outputs"):
        find_cuts(two)
    unbuilt = keras.Sequential([keras.layers.Conv2D(2, 3)], name="unbuilt")
    with pytest.raises(InputError, match="model 'unbuilt' is not a built"):
        find_cuts(unbuilt)


def inverted_residuals() -> Any:
    """MobileNetV2's pattern: expansion, depthwise, linear projection; the second block has a shortcut."""
    layers = load_keras().layers
    inputs = layers.Input((8, 8, 3), name="input")
    x = layers.Conv2D(4, 3, padding="same", name="stem")(inputs)
    x = layers.ReLU(6.0, name="stem_relu")(x)
    for block, stride in ((1, 2), (2, 1)):
        shortcut = x
        x = layers.Conv2D(12, 1, use_bias=False, name=f"expand{block}")(x)
        x = layers.BatchNormalization(name=f"expand{block}_bn")(x)
        x = layers.ReLU(6.0, name=f"expand{block}_relu")(x)
        if stride == 2:
            x = layers.ZeroPadding2D(((0, 1), (0, 1)), name="pad")(x)
        x = layers.DepthwiseConv2D(3, stride, padding="valid" if stride == 2 else "same", name=f"dw{block}")(
            x
        )
        x = layers.ReLU(6.0, name=f"dw{block}_relu")(x)
        x = layers.Conv2D(4, 1, name=f"project{block}")(x)
        x = layers.BatchNormalization(name=f"project{block}_bn")(x)
        if stride == 1:
            x = layers.Add(name="sum")([shortcut, x])
    x = layers.Conv2D(16, 1, activation="relu", name="last")(x)
    x = layers.Dense(2, activation="softmax", name="classes")(layers.GlobalAveragePooling2D(name="pool")(x))
    return load_keras().Model(inputs, x, name="inverted")


def test_blocks_that_end_without_an_activation_are_cut_at_their_ends() -> None:
    cuts = find_cuts(inverted_residuals())
    # "expand1" reads the stem, which is bent: a block of its own. "expand2" only widens the linear end before it.
    assert [cut.layer_name for cut in cuts] == ["stem_relu", "expand1_relu", "project1_bn", "sum", "last"]
    assert [cut.map_shape for cut in cuts][2:4] == [(4, 4, 4), (4, 4, 4)]


def test_resnet8_is_cut_after_its_sums() -> None:
    cuts = find_cuts(build_resnet8(10))
    assert [cut.layer_name for cut in cuts] == ["conv1_relu", "block1_relu", "block2_relu", "block3_relu"]
    assert model_params(build_resnet8(10)) == 78_666
    assert model_macs(build_resnet8(10)) == 12_501_632


def test_peak_ram_is_the_largest_sum_of_live_maps() -> None:
    # 8x8x3 in, 8x8x4 out; then the sum's three maps, its operand from before kept alive by the shortcut.
    cuts = find_cuts(residual_network(inner_activation="relu"))
    assert [cut.peak_ram_bytes for cut in cuts] == [64 * (3 + 4), 64 * (4 + 4 + 4)]
    # 48x48x8 into 48x48x16 in the first pointwise convolution.
    vww = build_ds_cnn(VWW_ARCHITECTURE, 2)
    assert [cut.peak_ram_bytes for cut in find_cuts(vww)][:2] == [96 * 96 * 3 + 48 * 48 * 8, 48 * 48 * 24]
    assert model_peak_ram_bytes(vww) == 48 * 48 * 24


def test_a_cut_stands_where_branches_are_joined() -> None:
    keras = load_keras()
    layers = keras.layers
    inputs = keras.Input((8, 8, 3))
    squeezed = layers.Conv2D(4, 1, activation="relu", name="squeeze")(inputs)
    parts = [layers.Conv2D(6, size, padding="same", activation="relu")(squeezed) for size in (1, 3)]
    x = layers.Conv2D(3, 1)(layers.Concatenate(name="fire")(parts))
    model = keras.Model(inputs, layers.GlobalAveragePooling2D()(x))
    assert [(cut.layer_name, cut.map_shape) for cut in find_cuts(model)] == [
        ("squeeze", (8, 8, 4)),
        ("fire", (8, 8, 12)),
    ]
