"""Every kernel against the integer reference, on random shapes, strides, paddings and scales."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.firmware.fixedpoint import mean_rescale, rescale_from_real, softmax_scaling
from tests.firmware import integer_reference as ref
from tests.firmware import kernel_library as lib

CHANNELS = st.sampled_from([1, 2, 3, 5, 8, 10, 12, 17])
ZERO = st.integers(-128, 127)
EXAMPLES = settings(max_examples=60, deadline=None)


@st.composite
def image_cases(draw):
    """A window problem: sizes, stride, padding, zero points, activation range, seed."""
    window = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    size = draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    same = draw(st.booleans())
    if not same:
        size = (max(size[0], window[0]), max(size[1], window[1]))
    out, pad = [], []
    for length, kernel, step in zip(size, window, stride, strict=True):
        length_out = -(-length // step) if same else (length - kernel) // step + 1
        out.append(length_out)
        pad.append(max((length_out - 1) * step + kernel - length, 0) // 2 if same else 0)
    low = draw(st.integers(-128, 0))
    return {
        "window": window,
        "size": size,
        "stride": stride,
        "pad": tuple(pad),
        "out": tuple(out),
        "act": (low, draw(st.integers(low, 127))),
        "zeros": (draw(ZERO), draw(ZERO)),
        "rng": np.random.default_rng(draw(st.integers(0, 2**32 - 1))),
    }


def geometry(case):
    return lib.Geometry(*case["size"], *case["out"], *case["window"], *case["stride"], *case["pad"])


def int8s(rng, *shape):
    """Random int8 with extremes over-represented."""
    values = rng.integers(-128, 128, shape)
    extreme = rng.random(shape) < 0.1
    return np.where(extreme, rng.choice([-128, 127], shape), values).astype(np.int8)


@EXAMPLES
@given(image_cases(), CHANNELS)
def test_pools(case, channels):
    x = int8s(case["rng"], *case["size"], channels)
    params = lib.Pool(geometry(case), channels, *case["act"])
    rules = {key: case[key] for key in ("window", "stride", "pad", "act")} | {"out_shape": case["out"]}
    shape = (*case["out"], channels)
    np.testing.assert_array_equal(lib.call("average_pool_s8", params, shape, x), ref.average_pool(x, **rules))
    np.testing.assert_array_equal(lib.call("max_pool_s8", params, shape, x), ref.max_pool(x, **rules))


@EXAMPLES
@given(
    st.integers(1, 9), st.integers(1, 9), CHANNELS, ZERO, ZERO, st.floats(0.01, 20), st.integers(0, 2**32 - 1)
)
def test_mean(height, width, channels, x_zero, out_zero, factor, seed):
    x = int8s(np.random.default_rng(seed), height, width, channels)
    by = mean_rescale(factor, height * width)
    params = lib.Mean(height * width, channels, x_zero, out_zero, lib.Rescale(by.multiplier, by.shift))
    expected = ref.mean(x, x_zero=x_zero, out_zero=out_zero, multiplier=by.multiplier, shift=by.shift)
    np.testing.assert_array_equal(lib.call("mean_s8", params, (channels,), x), expected)


@EXAMPLES
@given(
    st.integers(1, 200), ZERO, ZERO, ZERO, st.floats(1e-3, 1), st.floats(1e-3, 1), st.floats(1e-3, 1),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_add(size, a_zero, b_zero, out_zero, a_scale, b_scale, out_scale, seed):
    rng = np.random.default_rng(seed)
    a, b = int8s(rng, size), int8s(rng, size)
    twice = 2 * max(a_scale, b_scale)
    bys = [rescale_from_real(f) for f in (a_scale / twice, b_scale / twice, twice / ((1 << 20) * out_scale))]
    pairs = [(by.multiplier, by.shift) for by in bys]
    params = lib.Add(size, a_zero, b_zero, out_zero, -128, 127, *(lib.Rescale(*pair) for pair in pairs))
    expected = ref.add(
        a, b, a_zero=a_zero, b_zero=b_zero, out_zero=out_zero,
        a_by=pairs[0], b_by=pairs[1], out_by=pairs[2], act=(-128, 127),
    )  # fmt: skip
    np.testing.assert_array_equal(lib.call("add_s8", params, (size,), a, b), expected)


@EXAMPLES
@given(
    st.integers(1, 4), st.sampled_from([2, 3, 10, 12, 100]), st.floats(0.005, 0.5), st.integers(0, 2**32 - 1)
)
def test_softmax_is_within_one_step_of_the_real_one(rows, width, scale, seed):
    x = int8s(np.random.default_rng(seed), rows, width)
    scaling = softmax_scaling(1.0, scale)
    params = lib.Softmax(rows, width, scaling.multiplier, scaling.left_shift, scaling.diff_min)
    got = lib.call("softmax_s8", params, (rows, width), x)
    expected = np.stack([ref.softmax_close(row, scale) for row in x])
    assert np.abs(got - np.clip(expected, -128, 127)).max() <= 1.0


@EXAMPLES
@given(st.lists(st.integers(0, 3), min_size=6, max_size=6), CHANNELS, ZERO, st.integers(0, 2**32 - 1))
def test_pad(paddings, channels, zero, seed):
    top, bottom, left, right, front, back = paddings
    x = int8s(np.random.default_rng(seed), 3, 4, channels)
    expected = np.pad(x, ((top, bottom), (left, right), (front, back)), constant_values=zero)
    params = lib.Pad(3, 4, channels, *expected.shape, top, left, front, zero)
    np.testing.assert_array_equal(lib.call("pad_s8", params, expected.shape, x), expected)


@EXAMPLES
@given(st.floats(0.01, 10), ZERO, ZERO)
def test_requantize(factor, x_zero, out_zero):
    x = np.arange(-128, 128).astype(np.int8)
    by = rescale_from_real(factor)
    params = lib.Requantize(256, x_zero, out_zero, lib.Rescale(by.multiplier, by.shift))
    expected = [
        ref.clamp(ref.rescale(int(v) - x_zero, by.multiplier, by.shift) + out_zero, -128, 127) for v in x
    ]
    np.testing.assert_array_equal(lib.call("requantize_s8", params, (256,), x), expected)


@pytest.mark.parametrize("factor", [1e-12, 2.0**-31, 0.25, 0.5, 1 - 1e-12, 1.0, 3.7, 2.0**31])
def test_rescale_from_real_keeps_the_factor(factor):
    by = rescale_from_real(factor)
    got = by.multiplier / 2**31 * 2.0**by.shift
    if 2.0**-32 < factor < 2.0**30:
        assert got == pytest.approx(factor, rel=2**-30)
    assert by.multiplier == 0 or 2**30 <= by.multiplier < 2**31
