"""The firmware's number printing and its memory functions, built for this computer, against Python's."""

import ctypes
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.paths import resource_dir
from harness.firmware.toolchain import host_compiler

_STUB = """
static char said[64];
static int length;
void port_putchar(char character) { said[length++] = character; }
const char *take(void) { said[length] = 0; length = 0; return said; }
"""
_RENAMED = [f"-D{name}=own_{name}" for name in ("memcpy", "memmove", "memset")]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The text and memory functions with a serial line that `take` reads."""
    folder = tmp_path_factory.mktemp("text")
    (folder / "stub.c").write_text(_STUB)
    root = resource_dir("firmware_templates")
    sources = [
        root / "dut" / "text.c",
        root / "dut" / "divide.c",
        root / "core" / "memory.c",
        folder / "stub.c",
    ]
    command = [*host_compiler(), "-shared", "-fPIC", "-O1", "-fno-builtin", *_RENAMED, f"-I{root / 'ports'}"]
    path = folder / "text.so"
    subprocess.run([*command, *map(str, sources), "-o", str(path)], check=True, capture_output=True)
    loaded = ctypes.CDLL(str(path))
    loaded.take.restype = ctypes.c_char_p
    loaded.divide.restype = ctypes.c_uint32
    loaded.own_memcpy.restype = loaded.own_memmove.restype = loaded.own_memset.restype = ctypes.c_void_p
    return loaded


@given(value=st.integers(0, 2**64 - 1))
def test_unsigned_numbers(library: ctypes.CDLL, value: int) -> None:
    library.text_unsigned(ctypes.c_uint64(value))
    assert library.take() == str(value).encode()


@given(value=st.integers(-(2**31), 2**31 - 1))
def test_thousandths(library: ctypes.CDLL, value: int) -> None:
    library.text_thousandths(ctypes.c_int32(value))
    sign, size = "-" if value < 0 else "", abs(value)
    assert library.take() == f"{sign}{size // 1000}.{size % 1000:03}".encode()


@pytest.mark.parametrize(
    ("value", "text"), [(0, b"0.000"), (-1, b"-0.001"), (999, b"0.999"), (1000, b"1.000")]
)
def test_thousandths_around_one(library: ctypes.CDLL, value: int, text: bytes) -> None:
    library.text_thousandths(value)
    assert library.take() == text


@given(value=st.integers(0, 255))
def test_hex_bytes(library: ctypes.CDLL, value: int) -> None:
    library.text_hex_byte(ctypes.c_uint8(value))
    assert library.take() == f"{value:02x}".encode()


@given(value=st.integers(0, 2**64 - 1), divisor=st.integers(1, 2**31 - 1))
def test_division(library: ctypes.CDLL, value: int, divisor: int) -> None:
    quotient = ctypes.c_uint64(value)
    remainder = library.divide(ctypes.byref(quotient), ctypes.c_uint32(divisor))
    assert (quotient.value, remainder) == divmod(value, divisor)


@given(
    data=st.binary(min_size=40, max_size=40),
    to=st.integers(0, 12),
    start=st.integers(0, 12),
    count=st.integers(0, 28),
    value=st.integers(0, 255),
)
def test_memory_functions(
    library: ctypes.CDLL, data: bytes, to: int, start: int, count: int, value: int
) -> None:
    moved = bytearray(data)
    moved[to : to + count] = data[start : start + count]
    buffer = (ctypes.c_char * 40).from_buffer_copy(data)
    base = ctypes.addressof(buffer)
    library.own_memmove(*map(ctypes.c_void_p, (base + to, base + start)), ctypes.c_size_t(count))
    assert bytes(buffer) == bytes(moved)
    target = (ctypes.c_char * 40).from_buffer_copy(bytes(40))
    library.own_memcpy(
        *map(ctypes.c_void_p, (ctypes.addressof(target) + to, base + start)), ctypes.c_size_t(count)
    )
    assert bytes(target) == bytes(to) + bytes(moved[start : start + count]) + bytes(40 - to - count)
    library.own_memset(ctypes.c_void_p(base + to), value, ctypes.c_size_t(count))
    moved[to : to + count] = bytes([value]) * count
    assert bytes(buffer) == bytes(moved)
