"""Additions and constant outputs as they are prepared for the Cortex-M0 kernels."""

import struct

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.firmware import armv6m, armv7em, exact
from harness.firmware.constant_outputs import simplify_constant_outputs
from harness.firmware.fixedpoint import Rescale, rescale_from_real
from harness.firmware.shapes import Geometry
from tests.firmware import integer_reference as ref
from tests.firmware.core_library import core_library
from tests.firmware.test_armv6m import requantised, runner
from tests.firmware.test_kernels import ZERO

__all__ = ["runner"]  # a fixture
EXAMPLES = settings(max_examples=40, deadline=None)


@settings(max_examples=8, deadline=None)
@given(ratio=st.floats(0.05, 1.0), out_scale=st.floats(0.5, 3.0), zeros=st.tuples(ZERO, ZERO, ZERO))
def test_addition_of_all_pairs(runner, ratio, out_scale, zeros):
    second, out_by = rescale_from_real(ratio / 2), rescale_from_real(2.0**-19 / out_scale)
    constants = armv6m.pack_add(1 << 16, zeros, (second, out_by))
    assume(constants is not None)
    a, b = (np.ascontiguousarray(v.reshape(-1)) for v in np.mgrid[-128:128, -128:128].astype(np.int8))
    got = np.zeros(1 << 16, np.int8)
    params = struct.pack("<i2h7i", got.size, -128, 127, *constants, 0, 0, 0)
    core_library(runner.core, runner.toolchain).call("add_s8_armv6m", params, a, b, got)
    expected = exact_sums(a, b, zeros, second, out_by)
    np.testing.assert_array_equal(got, expected)
    some = np.random.default_rng(0).integers(0, got.size, 300)
    np.testing.assert_array_equal(
        got[some],
        ref.add(
            a[some], b[some], a_zero=zeros[0], b_zero=zeros[1], out_zero=zeros[2], a_by=(1 << 30, 0),
            b_by=(second.multiplier, second.shift), out_by=(out_by.multiplier, out_by.shift), act=(-128, 127),
        ),
    )  # fmt: skip


@EXAMPLES
@given(st.integers(0, 2**32 - 1), st.sampled_from([-128, 0, 50]))
def test_constant_outputs_stay_the_same(seed, out_zero):
    rng = np.random.default_rng(seed)
    weights = rng.integers(-3, 4, (40, 9)).astype(np.int8)
    bias = rng.integers(-(2.0 ** rng.uniform(5, 30)), 2**25, 40).astype(np.int32)
    rescales = [rescale_from_real(10.0 ** rng.uniform(-9, -2)) for _ in bias]
    weights[:2] = 3
    bias[:2] = 1 << 24, 0
    rescales[:2] = rescale_from_real(1e-9), rescale_from_real(0.01)
    new_weights, new_bias, new_rescales = simplify_constant_outputs(weights, bias, rescales, out_zero)
    changed = np.flatnonzero(np.any(new_weights != weights, axis=1))
    assert 0 in changed and 1 not in changed
    x = rng.choice([-128, 127, 0, 5], (9, 20))
    for before, after in (
        (bias + weights.astype(np.int64) @ column, new_bias + new_weights.astype(np.int64) @ column)
        for column in x.T
    ):
        np.testing.assert_array_equal(
            requantised(before, rescales, out_zero), requantised(after, new_rescales, out_zero)
        )
    assert np.all(np.abs(new_bias[changed]) <= 8 * 255)


def test_constants_are_found_for_usual_additions():
    rng = np.random.default_rng(3)
    for _ in range(20):
        second = rescale_from_real(rng.uniform(0.05, 0.5))
        out_by = rescale_from_real(2.0**-19 / rng.uniform(0.5, 3.0))
        zeros = tuple(int(z) for z in rng.integers(-128, 128, 3))
        assert armv6m.pack_add(4, zeros, (second, out_by)) is not None
    # Of equal scales, half of the sums lie in the middle between two outputs.
    assert armv6m.pack_add(4, (0, 0, 0), (Rescale(1 << 30, 0), rescale_from_real(2.0**-20))) is not None


def exact_sums(a, b, zeros, second, out_by):
    """TFLite's addition with the compiler's own vectorised arithmetic, itself compared with the reference."""
    x = exact.rescale(a.astype(np.int64) - zeros[0] << 20, [Rescale(1 << 30, 0)])
    y = exact.rescale(b.astype(np.int64) - zeros[1] << 20, [second])
    return exact.to_int8(exact.rescale(x + y, [out_by]), zeros[2], -128, 127).astype(np.int8)


@pytest.mark.parametrize("backend", [armv6m, armv7em])
def test_dead_channels_do_not_keep_a_layer_from_the_core_s_kernels(backend):
    # What a converter writes for a channel that is always 0.7 behind a ReLU: no weights, a tiny scale, a huge bias.
    rng = np.random.default_rng(1)
    weights = rng.integers(-127, 128, (62, 64)).astype(np.int8)
    bias, rescales = np.zeros(62, np.int32), [rescale_from_real(3e-4)] * 62
    weights[12], bias[12], rescales[12] = 0, 1 << 30, rescale_from_real(8e-9)
    assert backend.pack_product(weights[:, None, :], bias, rescales, -128) is not None
    assert backend.pack_dense(weights, bias, rescales, -128) is not None
    square = Geometry(6, 6, 6, 6, 3, 3, 1, 1, 1, 1)
    assert backend.pack_depthwise(weights[:, :9] // 8, bias, rescales, -128, square) is not None
