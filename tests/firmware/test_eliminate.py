"""Channels that carry nothing go, and not one output bit changes."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.config.kinds import load_kind
from harness.firmware import build_image
from harness.firmware.eliminate import eliminate_channels
from harness.firmware.exact import UNKNOWN, rescale
from harness.firmware.fixedpoint import Rescale
from harness.firmware.graph import Graph
from harness.firmware.host import HostModel
from harness.firmware.known import known_values
from harness.firmware.work import graph_macs
from tests.firmware import graph_reference, integer_reference
from tests.firmware.graphs import GraphBuilder, random_graph


def assert_same_outputs(before: Graph, after: Graph, count: int = 3) -> None:
    rng = np.random.default_rng(7)
    shape = before.input.shape
    for sample in [*rng.integers(-128, 128, (count, *shape)), np.full(shape, before.input.zero_point)]:
        sample = sample.astype(np.int8)
        np.testing.assert_array_equal(graph_reference.run(before, sample), graph_reference.run(after, sample))


def widths(graph: Graph) -> list[int]:
    return [op.output.shape[-1] for op in graph.ops]


def zero_rows(rng, shape, *rows, axis=0):
    weights = rng.integers(1, 100, shape).astype(np.int8)
    np.moveaxis(weights, axis, 0)[list(rows)] = 0
    return weights


@pytest.fixture
def build():
    return GraphBuilder(np.random.default_rng(3))


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_random_graphs_answer_the_same(seed):
    before = random_graph(seed)
    after = eliminate_channels(before)
    assert_same_outputs(before, after, 2)
    assert [op.index for op in after.ops] == [op.index for op in before.ops]
    assert (after.input, after.output) == (before.input, before.output)
    assert graph_macs(after) <= graph_macs(before)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_second_time_there_is_nothing_left(seed):
    once = eliminate_channels(random_graph(seed))
    assert eliminate_channels(once) is once


def test_most_random_graphs_lose_channels():
    pairs = [(graph, eliminate_channels(graph)) for graph in map(random_graph, range(60))]
    assert sum(sum(widths(after)) < sum(widths(before)) for before, after in pairs) > 25


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_known_values_are_what_the_firmware_computes(seed):
    graph = random_graph(seed)
    known = known_values(graph)
    sample = np.random.default_rng(seed).integers(-128, 128, graph.input.shape).astype(np.int8)
    for index, actual in graph_reference.activations(graph, sample).items():
        if index in known:
            there = known[index] != UNKNOWN
            np.testing.assert_array_equal(known[index][there], actual[there])


@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
def test_pooling_of_known_maps_rounds_as_the_firmware(build, kind):
    x = build.activation((1, 6, 6, 2))
    weights = zero_rows(build.rng, (8, 1, 1, 2), *range(8))
    y = build.conv(x, 8, weights=weights, bias=np.arange(8) * 1000 - 4000, zero_point=0)
    y = build.depthwise(y, zero_point=0)
    graph = build.graph(x, build.pool(y, kind, 2, padding="same"))
    actual = graph_reference.activations(graph, np.zeros(x.shape, np.int8))
    known = known_values(graph)[graph.output.index]
    assert len(np.unique(known)) > 10
    np.testing.assert_array_equal(known, actual[graph.output.index])


@given(
    value=st.integers(-(2**31), 2**31 - 1),
    multiplier=st.integers(2**30, 2**31 - 1) | st.just(0),
    shift=st.integers(-31, 30),
)
@example(value=-3, multiplier=2**30, shift=0)  # minus three halves
@example(value=6, multiplier=2**30, shift=-1)
@example(value=-6, multiplier=2**30, shift=-1)
def test_rescale_is_the_double_rounding(value, multiplier, shift):
    got = int(rescale(np.array([value]), [Rescale(multiplier, shift)])[0])
    if -(2**31) <= value << max(shift, 0) < 2**31:
        assert got == integer_reference.rescale(value, multiplier, shift)
    else:
        assert got == UNKNOWN


@pytest.mark.parametrize(("padding", "expected"), [("same", [4, 2]), ("valid", [3, 2])])
def test_a_constant_off_the_zero_point_folds_into_a_convolution_without_padding(build, padding, expected):
    x = build.activation((1, 5, 5, 3))
    y = build.conv(x, 4, weights=zero_rows(build.rng, (4, 1, 1, 3), 2), bias=[0, 0, 9000, 0], zero_point=1)
    before = build.graph(x, build.conv(y, 2, 3, padding=padding, weights=zero_rows(build.rng, (2, 3, 3, 4))))
    after = eliminate_channels(before)
    assert widths(after) == expected
    assert_same_outputs(before, after)


def test_constant_goes_into_the_next_bias(build):
    x = build.activation((1, 4, 4, 3))
    y = build.conv(x, 5, weights=zero_rows(build.rng, (5, 3, 3, 3), 1, 4), bias=[0, 900, 0, 0, -700])
    before = build.graph(x, build.conv(y, 6))
    after = eliminate_channels(before)
    assert widths(after) == [3, 6]
    assert after.ops[1].tensor(1).shape == (6, 1, 1, 3)
    assert after.ops[0].tensor(1).scales.shape == (3,)
    assert (after.ops[1].tensor(2).data != before.ops[1].tensor(2).data).any()
    assert_same_outputs(before, after)


def test_a_bias_is_made_where_there_was_none(build):
    x = build.activation((1, 4, 4, 3))
    y = build.conv(x, 5, weights=zero_rows(build.rng, (5, 1, 1, 3), 2), bias=[0, 0, 900, 0, 0], zero_point=0)
    before = build.graph(x, build.conv(y, 6, weights=zero_rows(build.rng, (6, 1, 1, 5)), bias=False))
    after = eliminate_channels(before)
    assert widths(after) == [4, 6]
    assert len(before.ops[1].inputs) == 2 and len(after.ops[1].inputs) == 3
    assert_same_outputs(before, after)


@pytest.mark.parametrize(
    ("offset", "padding", "expected"),
    [(0, "same", [3, 3, 2]), (9000, "same", [4, 4, 2]), (9000, "valid", [3, 3, 2])],
)
def test_padding_touches_only_constants_off_the_zero_point(build, offset, padding, expected):
    x = build.activation((1, 5, 5, 3))
    weights = zero_rows(build.rng, (4, 1, 1, 3), 2)
    y = build.conv(x, 4, weights=weights, bias=[0, 0, offset, 0], zero_point=0)
    filters = np.full((1, 3, 3, 4), 3, np.int8)
    y = build.depthwise(y, padding=padding, weights=filters, bias=np.zeros(4), zero_point=0)
    before = build.graph(x, build.conv(y, 2, weights=zero_rows(build.rng, (2, 1, 1, 4))))
    after = eliminate_channels(before)
    assert widths(after) == expected
    assert_same_outputs(before, after)


def test_a_mean_makes_a_constant_of_a_known_map(build):
    x = build.activation((1, 5, 5, 3))
    y = build.conv(x, 4, weights=zero_rows(build.rng, (4, 1, 1, 3), 2), bias=[0, 0, 9000, 0], zero_point=0)
    y = build.mean(build.depthwise(y, weights=np.full((1, 3, 3, 4), 3, np.int8), zero_point=0))
    before = build.graph(x, build.dense(y, 2, weights=zero_rows(build.rng, (2, 4))))
    after = eliminate_channels(before)
    assert widths(after) == [3, 3, 3, 2]
    assert_same_outputs(before, after)


def test_what_nobody_reads_goes_with_what_only_it_reads(build):
    x = build.activation((1, 4, 4, 2))
    first = build.conv(x, 4, 3, weights=zero_rows(build.rng, (4, 3, 3, 2)))
    weights = zero_rows(build.rng, (5, 1, 1, 4))
    weights[[0, 2, 3, 4], :, :, 1] = 0  # only output 1 reads channel 1
    second = build.conv(first, 5, weights=weights)
    before = build.graph(x, build.conv(second, 3, weights=zero_rows(build.rng, (3, 3, 3, 5), 1, axis=3)))
    after = eliminate_channels(before)
    assert widths(after) == [3, 4, 3]
    assert_same_outputs(before, after)


@pytest.mark.parametrize(("other", "expected"), [((1,), [3, 3, 3, 2]), ((), [4, 4, 4, 2])])
def test_a_sum_loses_a_channel_only_on_both_sides(build, other, expected):
    x = build.activation((1, 4, 4, 3))
    a = build.conv(x, 4, 3, weights=zero_rows(build.rng, (4, 3, 3, 3), 1))
    b = build.conv(x, 4, 1, weights=zero_rows(build.rng, (4, 1, 1, 3), *other))
    before = build.graph(x, build.conv(build.sum(a, b), 2, weights=zero_rows(build.rng, (2, 1, 1, 4))))
    after = eliminate_channels(before)
    assert widths(after) == expected
    assert_same_outputs(before, after)


def test_all_readers_of_a_branch_must_agree(build):
    x = build.activation((1, 4, 4, 3))
    y = build.conv(x, 4, 3, weights=zero_rows(build.rng, (4, 3, 3, 3)))
    deaf = zero_rows(build.rng, (4, 1, 1, 4), 0, 2, axis=3)
    listening = zero_rows(build.rng, (4, 1, 1, 4), 2, axis=3)
    total = build.sum(build.conv(y, 4, weights=deaf), build.conv(y, 4, weights=listening))
    before = build.graph(x, build.conv(total, 2, weights=zero_rows(build.rng, (2, 1, 1, 4))))
    after = eliminate_channels(before)
    assert widths(after)[0] == 3
    assert_same_outputs(before, after)


def test_flattened_channel_goes_with_all_its_features(build):
    x = build.activation((1, 3, 4, 2))
    y = build.conv(x, 3, weights=zero_rows(build.rng, (3, 1, 1, 2), 1), bias=[5, 5, 5])
    before = build.graph(x, build.dense(build.reshape(y, (1, 36)), 4, weights=zero_rows(build.rng, (4, 36))))
    after = eliminate_channels(before)
    assert widths(after) == [2, 24, 4]
    assert after.ops[1].tensor(1).data.tolist() == [1, 24]
    assert_same_outputs(before, after)


def test_the_models_ends_stay(build):
    x = build.activation((1, 3, 3, 4))
    weights = zero_rows(build.rng, (5, 1, 1, 4), 0, 3, axis=3)
    weights[2] = 0
    before = build.graph(x, build.conv(x, 5, weights=weights))
    assert eliminate_channels(before) is before


def test_a_bias_never_leaves_int32(build):
    x = build.activation((1, 2, 2, 2), zero_point=0)
    y = build.conv(x, 3, weights=zero_rows(build.rng, (3, 1, 1, 2), 1), bias=[0, 20000, 0], zero_point=0)
    weights = zero_rows(build.rng, (2, 1, 1, 3))
    last = build.conv(y, 2, weights=weights, bias=[2**31 - 1, 0])
    before = build.graph(x, last)
    assert eliminate_channels(before) is before


def test_one_channel_stays_of_a_layer_that_carries_nothing(build):
    x = build.activation((1, 3, 3, 2))
    y = build.conv(x, 4, weights=np.zeros((4, 1, 1, 2), np.int8))
    before = build.graph(x, build.conv(y, 3))
    after = eliminate_channels(before)
    assert widths(after) == [1, 3]
    assert_same_outputs(before, after)


def test_two_features_stay_where_each_has_its_scale(build):
    x = build.activation((1, 6))
    y = build.dense(x, 4, weights=zero_rows(build.rng, (4, 6), 0, 1, 3), per_feature=True)
    before = build.graph(x, build.dense(y, 3, weights=zero_rows(build.rng, (3, 4))))
    after = eliminate_channels(before)
    assert widths(after) == [2, 3]
    assert_same_outputs(before, after)


def test_softmax_keeps_all_its_classes(build):
    x = build.activation((1, 6))
    y = build.dense(x, 4, weights=zero_rows(build.rng, (4, 6), 0))
    z = build.add("SOFTMAX", (y,), build.activation((1, 4)), beta=1.0)
    before = build.graph(x, build.dense(z, 3, weights=zero_rows(build.rng, (3, 4), 1, axis=1)))
    assert eliminate_channels(before) is before


def test_visual_wake_words_halves_and_answers_the_same(shared_data, tmp_path):
    path = shared_data / "models" / "vww_96_int8.tflite"
    with np.load(shared_data / "vww" / "vww01_test1000_96x96x3.npz") as data:
        images = data["x"][::16][:60]
    samples = (images.astype(np.int16) - 128).astype(np.int8)
    outputs = []
    for eliminate in (False, True):
        folder = tmp_path / str(eliminate)
        folder.mkdir()
        model = HostModel(path, folder, eliminate=eliminate)
        outputs.append(model.run(samples))
        assert model.plan.nominal_macs == 7_489_664
        assert model.plan.macs == (3_733_073 if eliminate else 7_489_664)
    np.testing.assert_array_equal(*outputs)


@pytest.mark.parametrize("name", ["kws_ref_model", "pretrainedResnet_quant", "ad01_int8"])
def test_other_reference_models_have_nothing_to_lose(shared_data, name):
    from harness.firmware.reader import read_model

    graph = read_model(shared_data / "models" / f"{name}.tflite")
    assert eliminate_channels(graph) is graph


def test_an_image_can_keep_its_dead_channels(shared_data, tmp_path):
    kind = load_kind("nrf52840-dk")
    path = shared_data / "models" / "vww_96_int8.tflite"
    kept, dropped = (build_image(path, kind, tmp_path / str(whole), whole=whole) for whole in (True, False))
    assert kept.macs == kept.nominal_macs == dropped.nominal_macs == 7_489_664
    assert dropped.macs == 3_733_073
    assert kept.size.flash_bytes > 4 * dropped.size.flash_bytes
