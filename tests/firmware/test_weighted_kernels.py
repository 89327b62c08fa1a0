"""Convolution, depthwise convolution and dense layers against the integer reference, on every core."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import InputError
from harness.firmware.fixedpoint import Rescale, rescale_from_real
from harness.firmware.shapes import Geometry
from harness.firmware.toolchain import find_toolchain
from harness.firmware.widen import three_by_three
from tests.firmware import integer_reference as ref
from tests.firmware.test_kernels import ZERO, image_cases, int8s
from tests.firmware.weighted_layer import Runner

RUNNERS = [Runner(), *(Runner(core, tool) for core in ("cortex-m4", "cortex-m0") for tool in ("zig", "gcc"))]
EXAMPLES = settings(max_examples=60, deadline=None)
IN_CHANNELS = st.sampled_from([1, 2, 3, 4, 5, 8, 10, 12, 17, 64])
OUT_CHANNELS = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 64])


@pytest.fixture(params=RUNNERS, ids=lambda r: f"{r.core or 'host'}-{r.toolchain}", scope="module")
def runner(request):
    try:
        find_toolchain(request.param.toolchain, request.param.core or "cortex-m0")
    except InputError as error:
        pytest.skip(str(error))
    return request.param


@st.composite
def scalings(draw):
    """Multipliers and exponents: mostly those of real layers, now and then any."""
    usual = draw(st.integers(0, 9)) > 0
    low, high = (-4.0, -1.0) if usual else (-6.0, 0.5)
    real = rescale_from_real(10.0 ** draw(st.floats(low, high)))
    multiplier = draw(st.sampled_from([real.multiplier, 1 << 30, (1 << 31) - 1]))
    return Rescale(multiplier, real.shift)


def make_rescales(data, count):
    few = [data.draw(scalings()) for _ in range(min(count, 3))]
    return [few[i % len(few)] for i in range(count)]


def weights_of(rng, *shape):
    """Weights as converters write them, -127 to 127; sometimes -128 too, sometimes one extreme everywhere."""
    style = rng.integers(0, 10)
    if style == 0:
        return int8s(rng, *shape)
    if style == 1:
        return np.full(shape, rng.choice([-127, 127]), np.int8)
    return np.clip(int8s(rng, *shape), -127, 127).astype(np.int8)


def folded(bias, weights, zero):
    sums = weights.reshape(len(weights), -1).sum(axis=1, dtype=np.int64)
    return (bias - zero * sums).astype(np.int32)


def geometry(case):
    return Geometry(*case["size"], *case["out"], *case["window"], *case["stride"], *case["pad"])


def check_conv2d(runner, data, case, in_channels, out_channels, *, backward=False):
    rng = case["rng"]
    x = int8s(rng, *case["size"], in_channels)
    weights = weights_of(rng, out_channels, *case["window"], in_channels)
    bias = rng.integers(-20000, 20000, out_channels).astype(np.int32)
    rescales = make_rescales(data, out_channels)
    x_zero, out_zero = case["zeros"]
    packed = runner.target.product(
        weights.reshape(out_channels, case["window"][0], -1),
        folded(bias, weights, x_zero),
        rescales,
        out_zero,
    )
    depth = -(-int(np.prod(case["window"])) * in_channels // 4) * 4
    plain = geometry(case).is_pointwise
    fields = {
        **vars(geometry(case)),
        "in_channels": in_channels,
        "out_channels": out_channels,
        "in_zero_point": x_zero,
        "out_zero_point": out_zero,
        "depth": depth,
        "flags": packed.flags | (0x4000 if backward and plain else 0),
        "act_min": case["act"][0],
        "act_max": case["act"][1],
    }
    expected = ref.conv(
        x, weights, bias, [(r.multiplier, r.shift) for r in rescales], x_zero=x_zero, out_zero=out_zero,
        act=case["act"], stride=case["stride"], pad=case["pad"], out_shape=case["out"],
    )  # fmt: skip
    got, _ = runner.run(
        "pointwise" if plain else "conv2d", packed, fields, x, expected.size, (4 if plain else 8) * depth
    )
    np.testing.assert_array_equal(got.reshape(expected.shape), expected)


@EXAMPLES
@given(st.data(), image_cases(), IN_CHANNELS, OUT_CHANNELS, st.booleans())
def test_conv2d(runner, data, case, in_channels, out_channels, backward):
    check_conv2d(runner, data, case, in_channels, out_channels, backward=backward)


@st.composite
def square_cases(draw):
    """Mostly what the fast depthwise kernels cover: 3x3 windows, stride 1 or 2, and larger images."""
    case = draw(image_cases())
    if draw(st.integers(0, 3)) == 0:
        return case
    size = draw(st.tuples(st.integers(1, 24), st.integers(1, 24)))
    stride = draw(st.sampled_from([1, 1, 2]))
    out = tuple(-(-length // stride) for length in size)
    pad = tuple(max((o - 1) * stride + 3 - length, 0) // 2 for o, length in zip(out, size, strict=True))
    return {**case, "window": (3, 3), "size": size, "stride": (stride, stride), "out": out, "pad": pad}


@EXAMPLES
@given(st.data(), square_cases(), OUT_CHANNELS)
def test_conv2d_of_three_colours(runner, data, case, out_channels):
    check_conv2d(runner, data, case, 3, out_channels)


@EXAMPLES
@given(st.data(), square_cases(), st.sampled_from([1, 2, 3, 5, 8]), st.sampled_from([1, 1, 1, 2, 3]))
def test_depthwise(runner, data, case, in_channels, multiplier):
    rng = case["rng"]
    channels = in_channels * multiplier
    x = int8s(rng, *case["size"], in_channels)
    weights = weights_of(rng, channels, case["window"][0] * case["window"][1])
    bias = rng.integers(-20000, 20000, channels).astype(np.int32)
    rescales = make_rescales(data, channels)
    x_zero, out_zero = case["zeros"]
    packed = runner.target.depthwise(
        weights, folded(bias, weights, x_zero), rescales, out_zero, geometry(case), in_channels
    )
    fields = {
        **vars(geometry(case)),
        "channels": channels,
        "in_channels": in_channels,
        "in_zero_point": x_zero,
        "out_zero_point": out_zero,
        "flags": packed.flags,
        "act_min": case["act"][0],
        "act_max": case["act"][1],
    }
    expected = ref.depthwise(
        x, np.ascontiguousarray(weights.T).reshape(*case["window"], channels), bias,
        [(r.multiplier, r.shift) for r in rescales], multiplier=multiplier, x_zero=x_zero,
        out_zero=out_zero, act=case["act"], stride=case["stride"], pad=case["pad"], out_shape=case["out"],
    )  # fmt: skip
    got, _ = runner.run("depthwise", packed, fields, x, expected.size, packed.scratch_bytes)
    np.testing.assert_array_equal(got.reshape(expected.shape), expected)


def test_a_window_that_is_larger_one_way_stays_as_it_is():
    weights, geometry = np.ones((1, 7, 4), np.int8), Geometry(4, 9, 4, 9, 1, 7, 1, 1, 0, 3)
    assert three_by_three(weights, geometry) == (weights, geometry)


SMALL = st.tuples(st.integers(1, 3), st.integers(1, 3)).filter(lambda window: window != (1, 1))


@EXAMPLES
@given(st.data(), SMALL, st.integers(1, 24), st.integers(1, 3), st.sampled_from([1, 2]), ZERO, ZERO)
def test_small_windows_run_as_larger_ones(runner, data, window, height, width, stride, x_zero, out_zero):
    rng = np.random.default_rng(height)
    x, weights = int8s(rng, height, width, 4), int8s(rng, *window, 4)
    bias = rng.integers(-2000, 2000, 4).astype(np.int32)
    rescales = make_rescales(data, 4)
    out = tuple(-(-size // stride) for size in (height, width))
    pad = tuple(
        max((o - 1) * stride + w - size, 0) // 2 for o, w, size in zip(out, window, x.shape, strict=False)
    )
    small = Geometry(height, width, *out, *window, stride, stride, *pad)
    wide, large = three_by_three(weights, small)
    by_channel = np.ascontiguousarray(wide.reshape(9, 4).T)
    packed = runner.target.depthwise(
        by_channel, folded(bias, by_channel, x_zero), rescales, out_zero, large, 4
    )
    fields = {
        **vars(large), "channels": 4, "in_channels": 4, "in_zero_point": x_zero, "out_zero_point": out_zero,
        "flags": packed.flags, "act_min": -128, "act_max": 127,
    }  # fmt: skip
    expected = ref.depthwise(
        x, weights, bias, [(r.multiplier, r.shift) for r in rescales], multiplier=1, x_zero=x_zero,
        out_zero=out_zero, act=(-128, 127), stride=(stride, stride), pad=pad, out_shape=out,
    )  # fmt: skip
    got, _ = runner.run("depthwise", packed, fields, x, expected.size, packed.scratch_bytes)
    np.testing.assert_array_equal(got.reshape(expected.shape), expected)


@EXAMPLES
@given(st.data(), st.integers(1, 140), st.integers(1, 20), ZERO, ZERO, st.integers(0, 2**32 - 1))
def test_dense(runner, data, in_features, out_features, x_zero, out_zero, seed):
    rng = np.random.default_rng(seed)
    x = int8s(rng, in_features)
    weights = weights_of(rng, out_features, in_features)
    bias = rng.integers(-(2**20), 2**20, out_features).astype(np.int32)
    rescales = make_rescales(data, out_features)
    packed = runner.target.dense(weights, folded(bias, weights, x_zero), rescales, out_zero)
    fields = {
        **vars(Geometry(1, 1, 1, 1, 1, 1, 1, 1, 0, 0)),
        "in_channels": in_features,
        "out_channels": out_features,
        "in_zero_point": x_zero,
        "out_zero_point": out_zero,
        "depth": -(-in_features // 4) * 4,
        "flags": packed.flags,
        "act_min": -100,
        "act_max": 90,
    }
    expected = ref.conv(
        x[None, None], weights[:, None, None], bias, [(r.multiplier, r.shift) for r in rescales],
        x_zero=x_zero, out_zero=out_zero, act=(-100, 90), stride=(1, 1), pad=(0, 0), out_shape=(1, 1),
    )[0, 0]  # fmt: skip
    got, _ = runner.run("dense", packed, fields, x, expected.size, packed.scratch_bytes)
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("family", ["dense", "pointwise"])
@pytest.mark.parametrize("shift", range(-21, -12))
def test_small_factors_with_any_zero_point(runner, family, shift):
    rng = np.random.default_rng(-shift)
    outputs = 8
    x = int8s(rng, 4)
    weights = np.clip(int8s(rng, outputs, 4), -60, 60).astype(np.int8)
    bias = rng.integers(-(2**22), 2**22, outputs).astype(np.int32)
    rescales = [Rescale(multiplier, shift) for multiplier in (1 << 30, 2110764551) * (outputs // 2)]
    for out_zero in (-128, -2, 64, 127):
        pack = runner.target.dense if family == "dense" else runner.target.product
        packed = pack(weights if family == "dense" else weights[:, None, :], bias, rescales, out_zero)
        fields = {
            **vars(Geometry(1, 1, 1, 1, 1, 1, 1, 1, 0, 0)),
            "in_channels": 4,
            "out_channels": outputs,
            "in_zero_point": 0,
            "out_zero_point": out_zero,
            "depth": 4,
            "flags": packed.flags,
            "act_min": -128,
            "act_max": 127,
        }
        expected = ref.conv(
            x[None, None], weights[:, None, None], bias, [(r.multiplier, r.shift) for r in rescales],
            x_zero=0, out_zero=out_zero, act=(-128, 127), stride=(1, 1), pad=(0, 0), out_shape=(1, 1),
        )[0, 0]  # fmt: skip
        scratch = packed.scratch_bytes if family == "dense" else 16
        got, _ = runner.run(family, packed, fields, x, outputs, scratch)
        np.testing.assert_array_equal(got, expected)
