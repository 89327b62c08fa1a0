"""Operators that run as others: dilated convolutions, maxima over a map, sequences; and values bent by a table."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import InputError
from harness.firmware.backends import HOST
from harness.firmware.elementwise import leaky_relu
from harness.firmware.eliminate import eliminate_channels
from harness.firmware.host import HostModel
from harness.firmware.lower_pairs import lower_concatenation
from harness.firmware.passes import simplify
from harness.firmware.plan import plan_model
from harness.firmware.rewrite import pool_maxima
from harness.tasks.framework import load_keras, seeded
from tests.firmware import graph_reference, models
from tests.firmware.graphs import GraphBuilder


def dilated_network():
    keras = load_keras()
    layers = keras.layers
    with seeded(2):
        x = inputs = layers.Input((13, 11, 4))
        x = layers.Conv2D(8, 3, dilation_rate=(2, 1), padding="same", bias_initializer="normal")(x)
        x = layers.LeakyReLU(0.1)(x)
        x = layers.DepthwiseConv2D(3, dilation_rate=2, padding="same", bias_initializer="normal")(x)
        x = layers.LeakyReLU(0.4)(x)
        x = layers.Conv2D(12, 2, dilation_rate=3, activation="relu", bias_initializer="normal")(x)
        return keras.Model(inputs, layers.GlobalMaxPooling2D()(x))


def test_they_give_what_tensorflow_gives(tmp_path):
    path = models.write(dilated_network(), tmp_path / "dilated.tflite")
    samples = np.random.default_rng(3).integers(-128, 128, (40, 13, 11, 4)).astype(np.int8)
    np.testing.assert_array_equal(
        HostModel(path, tmp_path).run(samples), models.interpreter_outputs(path, samples)
    )
    kernels = [layer.kernel for layer in plan_model(path, HOST).layers]
    assert kernels.count("table_s8") == 2 and kernels[-1] == "max_pool_s8"


def network_of_steps():
    """On a map one column wide, which kernels take as one row."""
    keras = load_keras()
    layers = keras.layers
    with seeded(4):
        x = inputs = layers.Input((40, 1, 4))
        x = layers.Conv2D(8, (5, 1), strides=(2, 1), padding="same", bias_initializer="normal")(x)
        x = layers.DepthwiseConv2D((5, 1), padding="same", depth_multiplier=2, bias_initializer="normal")(x)
        x = layers.MaxPooling2D((3, 1), strides=(1, 1), padding="same")(x)
        x = layers.DepthwiseConv2D((3, 1), activation="relu", bias_initializer="normal")(x)
        x = layers.AveragePooling2D((2, 1))(x)
        return keras.Model(inputs, layers.Conv2D(6, (4, 1), bias_initializer="normal")(x))


def test_a_map_one_column_wide_is_run_as_one_row(tmp_path):
    path = models.write(network_of_steps(), tmp_path / "steps.tflite")
    samples = np.random.default_rng(5).integers(-128, 128, (40, 40, 1, 4)).astype(np.int8)
    np.testing.assert_array_equal(
        HostModel(path, tmp_path).run(samples), models.interpreter_outputs(path, samples)
    )
    shapes = [layer.fields["geometry"] for layer in plan_model(path, HOST).layers]
    assert len(shapes) == 6 and all(shape.startswith("{1, ") for shape in shapes)


def network_of_branches():
    """Maps joined two and three at a time."""
    keras = load_keras()
    layers = keras.layers
    with seeded(6):
        x = inputs = layers.Input((9, 8, 4))
        parts = [
            layers.Conv2D(n, k, padding="same", activation="relu", bias_initializer="normal")(x)
            for n, k in ((4, 1), (3, 3), (8, 1))
        ]
        x = layers.Concatenate()(parts)
        y = layers.Conv2D(6, 1, bias_initializer="normal")(x)
        x = layers.Concatenate()([layers.MaxPooling2D(2)(x), layers.AveragePooling2D(2)(y)])
        return keras.Model(inputs, layers.Conv2D(5, 3, bias_initializer="normal")(x))


def test_branches_are_joined(tmp_path):
    path = models.write(network_of_branches(), tmp_path / "branches.tflite")
    samples = np.random.default_rng(7).integers(-128, 128, (40, 9, 8, 4)).astype(np.int8)
    np.testing.assert_array_equal(
        HostModel(path, tmp_path).run(samples), models.interpreter_outputs(path, samples)
    )
    names = [layer.name for layer in plan_model(path, HOST).layers if layer.kernel == "concat_s8"]
    assert len(names) == len(set(names)) == 3


def test_channels_go_from_a_branch(tmp_path):
    build = GraphBuilder(np.random.default_rng(3))
    first = build.activation((1, 4, 4, 3))
    weights = np.random.default_rng(1).integers(1, 90, (6, 1, 1, 3)).astype(np.int8)
    weights[1:] = 0
    a = build.conv(first, 6, weights=weights)
    b = build.conv(first, 4, weights=np.zeros((4, 1, 1, 3), np.int8), zero_point=a.zero_point)
    build.ops[-1] = replace(build.ops[-1], output=(b := replace(b, scales=a.scales)))
    before = build.graph(first, build.conv(build.join(a, b), 2))
    after = eliminate_channels(before)
    assert after.ops[0].output.shape[-1] == 1
    sample = np.random.default_rng(2).integers(-128, 128, first.shape).astype(np.int8)
    np.testing.assert_array_equal(graph_reference.run(after, sample), graph_reference.run(before, sample))


def test_maps_of_another_scale_are_not_joined():
    build = GraphBuilder(np.random.default_rng(3))
    a = build.activation((1, 4, 4, 3))
    b = build.conv(a, 3)
    build.join(a, replace(b, scales=2 * a.scales))
    with pytest.raises(InputError, match="not of the channels of maps of one scale"):
        lower_concatenation(build.ops[-1], HOST)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.0, 3.0), st.floats(1e-4, 0.5), st.floats(1e-4, 0.5), st.integers(-128, 127))
def test_leaky_relu_is_that_of_the_reference(alpha, in_scale, out_scale, zero_point):
    build = GraphBuilder(np.random.default_rng(0))
    build.leaky_relu(build.activation((1, 256)), alpha)
    op = build.ops[-1]
    source = replace(op.tensor(0), scales=np.array([in_scale], np.float32), zero_point=zero_point)
    op = replace(op, inputs=(source,), output=replace(op.output, scales=np.array([out_scale], np.float32)))
    values = np.arange(-128, 128)
    expected = graph_reference.run_op(op, values.astype(np.int8))
    np.testing.assert_array_equal(leaky_relu(op, values), expected)


def test_a_channel_known_before_leaky_relu_is_known_behind_it():
    build = GraphBuilder(np.random.default_rng(3))
    first = build.activation((1, 4, 4, 3))
    weights = np.random.default_rng(1).integers(1, 90, (6, 1, 1, 3)).astype(np.int8)
    weights[2:5] = 0
    x = build.conv(build.leaky_relu(build.conv(first, 6, weights=weights)), 2)
    after = eliminate_channels(build.graph(first, x))
    assert [op.output.shape[-1] for op in after.ops] == [3, 3, 2]


def test_channels_go_from_a_dilated_convolution_too():
    build = GraphBuilder(np.random.default_rng(3))
    first = build.activation((1, 8, 8, 3))
    weights = np.random.default_rng(1).integers(1, 90, (6, 3, 3, 3)).astype(np.int8)
    weights[2:5] = 0
    build.conv(first, 6, weights=weights)
    build.ops[-1] = replace(build.ops[-1], options={**build.ops[-1].options, "dilation": (2, 2)})
    graph = build.graph(first, build.conv(build.ops[-1].output, 2))
    assert [op.output.shape[-1] for op in simplify(graph).ops] == [3, 2]
    # A file keeps its dilated convolution as it is, since its weights have no gaps.
    assert [op.output.shape[-1] for op in eliminate_channels(graph).ops] == [6, 2]


def test_a_maximum_over_other_axes_is_refused():
    build = GraphBuilder(np.random.default_rng(3))
    x = build.activation((1, 4, 5, 3))
    build.add("REDUCE_MAX", (x, build.constant(np.array([3], np.int32))), build.activation((1, 4, 5)))
    with pytest.raises(InputError, match="not over height and width"):
        pool_maxima(build.graph(x, build.ops[-1].output))
