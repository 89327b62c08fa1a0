"""Averages over a whole image, by the kernels of both cores."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import InputError
from harness.firmware.backends import target_of
from harness.firmware.fixedpoint import mean_rescale
from harness.firmware.shapes import Geometry
from harness.firmware.toolchain import find_toolchain
from tests.firmware import integer_reference as ref
from tests.firmware.core_library import CORES, core_library
from tests.firmware.test_kernels import ZERO

EXAMPLES = settings(max_examples=25, deadline=None)
# Up to 255 pixels a sum is kept in half a word; larger images are summed in parts.
SIDES, CHANNELS, SEEDS = st.integers(1, 24), st.sampled_from([4, 12]), st.integers(0, 2**32 - 1)


@pytest.fixture(
    params=[(core, tool) for core in CORES for tool in ("zig", "gcc")], ids="-".join, scope="module"
)
def core(request):
    name, toolchain = request.param
    try:
        find_toolchain(toolchain, name)
    except InputError as error:
        pytest.skip(str(error))
    return name, core_library(name, toolchain)


def backend_of(name):
    return target_of(name).backend


def image(seed, height, width, channels):
    x = np.random.default_rng(seed).integers(-128, 128, (height, width, channels)).astype(np.int8)
    x[..., 0], x[..., 1] = -128, 127  # as large as sums get
    return x


@EXAMPLES
@given(SIDES, SIDES, CHANNELS, st.integers(-128, 60), SEEDS)
def test_average_pool(core, height, width, channels, low, seed):
    name, library = core
    whole = Geometry(height, width, 1, 1, height, width, 1, 1, 0, 0)
    assert backend_of(name).can_pool(whole, channels)
    x, got = image(seed, height, width, channels), np.zeros(channels, np.int8)
    params = struct.pack("<13h", *vars(whole).values(), channels, low, 100)
    library.call(f"average_pool_s8_{backend_of(name).NAME}", params, x, got)
    expected = ref.average_pool(
        x, window=(height, width), stride=(1, 1), pad=(0, 0), out_shape=(1, 1), act=(low, 100)
    )
    np.testing.assert_array_equal(got, expected[0, 0])


@EXAMPLES
@given(SIDES, SIDES, CHANNELS, ZERO, ZERO, st.floats(0.01, 20), SEEDS)
def test_mean(core, height, width, channels, x_zero, out_zero, factor, seed):
    name, library = core
    x, got = image(seed, height, width, channels), np.zeros(channels, np.int8)
    by = mean_rescale(factor, height * width)
    params = struct.pack("<ihhh2xii", height * width, channels, x_zero, out_zero, by.multiplier, by.shift)
    library.call(f"mean_s8_{backend_of(name).NAME}", params, x, got)
    expected = ref.mean(x, x_zero=x_zero, out_zero=out_zero, multiplier=by.multiplier, shift=by.shift)
    np.testing.assert_array_equal(got, expected)


def test_mean_beside_plain_c(core):
    name, library = core
    x, got = image(1, 25, 5, 64), np.zeros(64, np.int8)
    by = mean_rescale(1.0, 125)
    params = struct.pack("<ihhh2xii", 125, 64, -128, -128, by.multiplier, by.shift)
    own = library.call(f"mean_s8_{backend_of(name).NAME}", params, x, got).cycles
    assert own < library.call("mean_s8", params, x, got).cycles
