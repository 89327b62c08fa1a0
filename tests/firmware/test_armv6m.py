"""Cortex-M0 kernels where they are special: limits of sums, corrections, bands of rows, cycles, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import InputError
from harness.firmware import armv6m
from harness.firmware.fixedpoint import Rescale
from harness.firmware.shapes import Geometry
from harness.firmware.toolchain import find_toolchain
from tests.firmware import integer_reference as ref
from tests.firmware.weighted_layer import Runner

EXAMPLES = settings(max_examples=40, deadline=None)
POINT = Geometry(1, 1, 1, 1, 1, 1, 1, 1, 0, 0)
USUAL = Rescale(1_800_000_000, -8)


@pytest.fixture(params=["zig", "gcc"], scope="module")
def runner(request):
    try:
        find_toolchain(request.param, "cortex-m0")
    except InputError as error:
        pytest.skip(str(error))
    return Runner("cortex-m0", request.param)


def run_product(runner, family, packed, x, channels, out_zero, geometry=POINT):
    """Outputs `(pixels, channels)` of int8 `(pixels, inputs)` without fused activation, and the cycles."""
    depth = -(-x.shape[-1] // 4) * 4
    fields = {
        **vars(geometry),
        "in_channels": x.shape[-1],
        "out_channels": channels,
        "in_zero_point": 0,
        "out_zero_point": out_zero,
        "depth": depth,
        "flags": packed.flags,
        "act_min": -128,
        "act_max": 127,
    }
    scratch = packed.scratch_bytes if family == "dense" else 4 * depth
    out, cycles = runner.run(family, packed, fields, x, x.shape[0] * channels, scratch)
    return out.reshape(-1, channels), cycles


def run_depthwise(runner, packed, x, geometry, out_zero, in_zero=0, in_place=False):
    """Outputs of int8 `(height, width, channels)`, and the cycles."""
    channels = x.shape[-1]
    fields = {
        **vars(geometry),
        "channels": channels,
        "in_channels": channels,
        "in_zero_point": in_zero,
        "out_zero_point": out_zero,
        "flags": packed.flags,
        "act_min": -128,
        "act_max": 127,
    }
    shape = (geometry.out_h, geometry.out_w, channels)
    out, cycles = runner.run(
        "depthwise", packed, fields, x, int(np.prod(shape)), packed.scratch_bytes, in_place
    )
    return out.reshape(shape), cycles


def requantised(sums, rescales, out_zero):
    values = [
        ref.clamp(ref.rescale(int(total), by.multiplier, by.shift) + out_zero, -128, 127)
        for total, by in zip(sums, rescales, strict=True)
    ]
    return np.array(values, np.int8)


def sums_and_rescales(rng, limit, largest_shift, count=160):
    """Accumulators at and about ties between outputs, at the limits, and anywhere, with their rescales."""
    shifts = rng.integers(1, largest_shift + 1, count)
    multipliers = rng.integers(1 << 30, 1 << 31, count)
    multipliers[::7] = 1 << 30
    multipliers[3::7] = (1 << 31) - 1
    rescales = [Rescale(int(m), -int(s)) for m, s in zip(multipliers, shifts, strict=True)]
    outputs = rng.integers(-260, 261, count) + 0.5
    ties = np.rint(outputs * 2.0 ** (31 + shifts) / multipliers) + rng.integers(-2, 3, count)
    sums = np.where(np.abs(ties) <= limit, ties, rng.integers(-limit, limit + 1, count)).astype(np.int64)
    sums[:6] = [limit, -limit, 0, -1, 1, -limit + 1]
    return sums, rescales


@EXAMPLES
@given(st.integers(0, 2**32 - 1), st.sampled_from([-128, -128, 0, 127, -5]))
def test_requantisation_is_exact_at_ties_and_limits(runner, seed, out_zero):
    with pytest.MonkeyPatch.context() as patch:
        # Weights are zero so that biases are the sums.
        patch.setattr(armv6m, "simplify_constant_outputs", lambda *values: values[:3])
        check_requantisation(runner, seed, out_zero)


def check_requantisation(runner, seed, out_zero):
    rng = np.random.default_rng(seed)
    narrow = out_zero == -128 and seed % 2 == 0
    limit = 1 << 20 if narrow else (1 << 23) - 1
    sums, rescales = sums_and_rescales(rng, limit, 20 if narrow else 13)
    weights = np.zeros((len(sums), 4), np.int8)
    bias = sums.astype(np.int32)
    x = np.full((1, 4), 77, np.int8)
    expected = requantised(sums, rescales, out_zero)
    product = armv6m.pack_product(weights[:, None, :], bias, rescales, out_zero)
    assert product is not None and bool(product.flags & 1) == narrow
    np.testing.assert_array_equal(
        run_product(runner, "conv2d", product, x, len(sums), out_zero)[0][0], expected
    )
    dense = armv6m.pack_dense(weights, bias, rescales, out_zero)
    np.testing.assert_array_equal(run_product(runner, "dense", dense, x, len(sums), out_zero)[0][0], expected)
    same = [rescales[-1]] * len(sums)
    dense = armv6m.pack_dense(weights, bias, same, out_zero)
    assert dense.multiplier.size == 1
    got, _ = run_product(runner, "dense", dense, x, len(sums), out_zero)
    np.testing.assert_array_equal(got[0], requantised(sums, same, out_zero))
    sums, rescales = sums_and_rescales(rng, 1 << 20, 20 if out_zero == -128 else 13)
    geometry, weights = Geometry(1, 1, 1, 1, 3, 3, 1, 1, 1, 1), np.zeros((len(sums), 9), np.int8)
    packed = armv6m.pack_depthwise(weights, sums.astype(np.int32), rescales, out_zero, geometry)
    assert packed.kernel == ("armv6m" if out_zero == -128 else "armv6m_signed")
    out, _ = run_depthwise(runner, packed, np.zeros((1, 1, len(sums)), np.int8), geometry, out_zero)
    np.testing.assert_array_equal(out[0, 0], requantised(sums, rescales, out_zero))


@EXAMPLES
@given(st.integers(0, 2**32 - 1), st.sampled_from([4, 24, 600]), st.integers(1, 3))
def test_large_weights_are_corrected(runner, seed, inputs, channels):
    """Extreme inputs on weights of which four sum up to more than half a word takes, near and far apart."""
    rng = np.random.default_rng(seed)
    weights = rng.choice([-127, 127, 0, 1], (channels, inputs)).astype(np.int8)
    if inputs > 255:
        weights[:, 4:-4] = 0
        weights[0, 300:304] = 127
    x = rng.choice([-128, 127], (2, inputs)).astype(np.int8)
    bias = rng.integers(-1000, 1000, channels).astype(np.int32)
    rescales = [USUAL] * channels
    packed = armv6m.pack_product(weights[:, None, :], bias, rescales, 3)
    geometry = Geometry(1, 2, 1, 2, 1, 1, 1, 1, 0, 0)
    got, _ = run_product(runner, "conv2d", packed, x, channels, 3, geometry)
    for pixel in range(2):
        sums = bias + weights.astype(np.int64) @ x[pixel]
        np.testing.assert_array_equal(got[pixel], requantised(sums, rescales, 3))


@pytest.mark.parametrize("size", [(40, 40), (41, 30), (33, 64)])
@pytest.mark.parametrize(("stride", "out_zero"), [(1, -128), (2, -128), (1, 9)])
def test_depthwise_in_bands_may_overwrite_its_input(runner, size, stride, out_zero):
    rng = np.random.default_rng(size[0] * stride)
    channels, in_zero = 2, -7
    out = tuple(-(-n // stride) for n in size)
    pad = tuple(max((o - 1) * stride + 3 - n, 0) // 2 for o, n in zip(out, size, strict=True))
    geometry = Geometry(*size, *out, 3, 3, stride, stride, *pad)
    weights = rng.integers(-127, 128, (channels, 9)).astype(np.int8)
    weights[1] //= 4  # rows of three weights in one sum, and not
    bias = np.array([3000, -500], np.int32)
    folded = (bias - in_zero * weights.sum(axis=1, dtype=np.int64)).astype(np.int32)
    rescales = [USUAL, Rescale(1 << 30, -6)]
    packed = armv6m.pack_depthwise(weights, folded, rescales, out_zero, geometry)
    assert packed.flags >> 1 < -(-out[0] // 2), "the map is done in several bands"
    x = rng.integers(-128, 128, (*size, channels)).astype(np.int8)
    expected = ref.depthwise(
        x, np.ascontiguousarray(weights.T).reshape(3, 3, channels), bias,
        [(r.multiplier, r.shift) for r in rescales], multiplier=1, x_zero=in_zero, out_zero=out_zero,
        act=(-128, 127), stride=(stride, stride), pad=pad, out_shape=out,
    )  # fmt: skip
    for in_place in (False, True):
        got, _ = run_depthwise(runner, packed, x, geometry, out_zero, in_zero, in_place)
        np.testing.assert_array_equal(got, expected)


def test_cycles_do_not_depend_on_values(runner):
    rng = np.random.default_rng(5)
    weights = np.clip(rng.normal(0, 40, (10, 24)), -127, 127).astype(np.int8)
    bias = rng.integers(-9000, 9000, 10).astype(np.int32)
    for out_zero in (-128, 4):
        product = armv6m.pack_product(weights[:, None, :], bias, [USUAL] * 10, out_zero)
        dense = armv6m.pack_dense(weights, bias, [USUAL] * 10, out_zero)
        inputs = [np.full((1, 24), value, np.int8) for value in (-128, 0, 127)]
        for family, packed in (("conv2d", product), ("dense", dense)):
            runs = {run_product(runner, family, packed, x, 10, out_zero)[1] for x in inputs}
            assert len(runs) == 1


def test_speed(runner):
    """Cycles of a MAC with all that belongs to it, 5 % above what was measured."""
    rng = np.random.default_rng(6)
    geometry = Geometry(25, 5, 25, 5, 1, 1, 1, 1, 0, 0)
    weights = np.clip(rng.normal(0, 42, (64, 64)), -127, 127).astype(np.int8)
    bias = rng.integers(-9000, 9000, 64).astype(np.int32)
    x = rng.integers(-128, 128, (125, 64)).astype(np.int8)
    packed = armv6m.pack_product(weights[:, None, :], bias, [USUAL] * 64, -128)
    assert run_product(runner, "conv2d", packed, x, 64, -128, geometry)[1] <= 4.1 * 125 * 64 * 64
    packed = armv6m.pack_dense(weights, bias, [USUAL] * 64, -128)
    assert run_product(runner, "dense", packed, x[:1], 64, -128)[1] <= 5.2 * 64 * 64
    window = Geometry(25, 5, 25, 5, 3, 3, 1, 1, 1, 1)
    for out_zero, most in ((-128, 10.2), (0, 10.6)):
        packed = armv6m.pack_depthwise(weights[:, :9].copy(), bias, [USUAL] * 64, out_zero, window)
        cycles = run_depthwise(runner, packed, x.reshape(25, 5, 64), window, out_zero)[1]
        assert cycles <= most * 125 * 64 * 9


@pytest.mark.parametrize(
    ("rescale", "bias"),
    [(Rescale(1 << 30, 1), 0), (Rescale(1 << 30, 0), 0), (Rescale(USUAL.multiplier, -17), 1 << 23)],
    ids=["left shift", "no shift", "large sums"],
)
def test_refuses_what_would_not_be_exact(rescale, bias):
    weights, biases = np.full((2, 9), 127, np.int8), np.full(2, bias, np.int32)
    geometry = Geometry(4, 4, 4, 4, 3, 3, 1, 1, 1, 1)
    assert armv6m.pack_product(weights[:, None, :], biases, [rescale] * 2, 0) is None
    assert armv6m.pack_dense(weights, biases, [rescale] * 2, 0) is None
    assert armv6m.pack_depthwise(weights, biases, [rescale] * 2, -128, geometry) is None
    assert armv6m.pack_product(weights[:, None, :], biases * 0, [USUAL] * 2, 0) is not None
