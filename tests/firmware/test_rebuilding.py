"""Float32 input and the error of a rebuilt one, in the firmware's integers, against exact arithmetic."""

import ctypes
import struct
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.paths import resource_dir
from harness.firmware import TensorSpec
from harness.firmware.rebuilding import rebuilding_constants
from harness.firmware.toolchain import host_compiler
from harness.firmware.wire import to_wire

COUNT = 20


@dataclass(frozen=True)
class Built:
    """The firmware's functions for this computer, and the tensors they were made for."""

    library: ctypes.CDLL
    given: TensorSpec
    rebuilt: TensorSpec

    def quantize(self, bits: int) -> int:
        return int(self.library.rebuilding_quantize(ctypes.c_uint32(bits)))

    def error(self, sample: np.ndarray, output: np.ndarray) -> int:
        (ctypes.c_int8 * COUNT).in_dll(self.library, "held")[:] = sample.tolist()
        return int(self.library.rebuilding_error(output.ctypes.data_as(ctypes.c_void_p)))


@pytest.fixture(
    scope="module",
    params=[(0.39101523, 89, 0.36449847, 96), (2.0**-9, 0, 3e-4, -128), (700.5, -128, 0.02, 127)],
    ids=["ad01", "fine", "coarse"],
)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("rebuilding")
    scale, zero, out_scale, out_zero = request.param
    spec = TensorSpec("in", (COUNT,), scale, zero), TensorSpec("out", (COUNT,), out_scale, out_zero)
    constants = rebuilding_constants(
        SimpleNamespace(input=spec[0], output=spec[1], keeps_input=True), "ad01"
    ) | {
        "REBUILDS_INPUT": 1,
        "INPUT_BYTES": COUNT,
        "OUTPUT_ZERO_POINT": out_zero,
    }
    lines = [f"#define MODEL_{name} {value}{'u' * ('MULTI' in name)}" for name, value in constants.items()]
    lines += ["#include <stdint.h>", "extern int8_t *const model_input;"]
    (folder / "model.h").write_text("\n".join(lines))
    (folder / "held.c").write_text('#include "model.h"\nint8_t held[99];\nint8_t *const model_input = held;')
    source = resource_dir("firmware_templates") / "dut" / "rebuilding.c"
    command = [*host_compiler(), "-shared", "-fPIC", "-O1", f"-I{folder}", f"-I{source.parent}", str(source)]
    path = folder / "rebuilding.so"
    subprocess.run([*command, str(folder / "held.c"), "-o", str(path)], check=True, capture_output=True)
    library = ctypes.CDLL(str(path))
    library.rebuilding_quantize.restype = ctypes.c_int8
    return Built(library, *spec)


def bits_of(value: float) -> int:
    return int.from_bytes(struct.pack("<f", value), "little")


@given(st.one_of(st.integers(0, 2**32 - 1), st.floats(-1000, 1000, width=32).map(bits_of)))
def test_a_float_becomes_the_nearest_step(built: Built, bits: int) -> None:
    value = struct.unpack("<f", bits.to_bytes(4, "little"))[0]
    if value != value:
        return  # that is no sample
    found = built.quantize(bits)
    if value in (float("inf"), float("-inf")):
        assert found == (127 if value > 0 else -128)
        return
    exact = Fraction(value) / Fraction(built.given.scale) + built.given.zero_point
    limited = min(max(exact, Fraction(-128)), Fraction(127))
    assert abs(found - limited) <= Fraction(1, 2) + Fraction(1, 10**6)


@given(st.integers(-128, 127))
def test_what_the_host_sends_for_a_value_becomes_that_value(built: Built, value: int) -> None:
    sent = to_wire(np.int8(value).tobytes(), "ad01", built.given)
    assert len(sent) == 4
    assert built.quantize(int.from_bytes(sent, "little")) == value


tensors = st.binary(min_size=COUNT, max_size=COUNT).map(lambda data: np.frombuffer(data, np.int8))


def assert_mean_square(built: Built, sample: np.ndarray, output: np.ndarray) -> None:
    difference = built.rebuilt.dequantize(output) - built.given.dequantize(sample)
    exact = 1000 * float(np.mean(difference**2))
    # Scales are whole multiples of the larger one's 2^18th part, so a value is off by half of 255 such at most.
    off = 255 * max(built.given.scale, built.rebuilt.scale) / 2**18
    allowed = 0.5 + 1000 * off * (2 * float(np.sqrt(np.mean(difference**2))) + off)
    assert built.error(sample, output) == pytest.approx(min(exact, 2**31 - 1), rel=1e-8, abs=allowed)


@given(sample=tensors, output=tensors)
def test_the_error_is_the_mean_square_in_thousandths(
    built: Built, sample: np.ndarray, output: np.ndarray
) -> None:
    assert_mean_square(built, sample, output)


def test_the_largest_differences_do_not_overflow(built: Built) -> None:
    assert_mean_square(built, np.full(COUNT, -128, np.int8), np.full(COUNT, 127, np.int8))
