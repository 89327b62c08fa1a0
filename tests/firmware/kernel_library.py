"""The firmware's kernels as a shared library of this computer, called through ctypes."""

import ctypes as c
import os
import subprocess
from functools import cache
from pathlib import Path

import numpy as np

from harness.config.paths import cache_dir
from harness.firmware.sources import include_dirs
from harness.firmware.toolchain import host_compiler

I16, I32 = c.c_int16, c.c_int32


def _shorts(names: str) -> list[tuple[str, type]]:
    return [(name, I16) for name in names.split()]


class Rescale(c.Structure):
    _fields_ = [("multiplier", I32), ("shift", I32)]


class Geometry(c.Structure):
    _fields_ = [*_shorts("in_h in_w out_h out_w window_h window_w stride_h stride_w pad_top pad_left")]


class Pool(c.Structure):
    _fields_ = [("geometry", Geometry), ("channels", I16), ("act_min", I16), ("act_max", I16)]


class Mean(c.Structure):
    _fields_ = [
        ("positions", I32),
        ("channels", I16),
        ("in_zero_point", I16),
        ("out_zero_point", I16),
        ("rescale", Rescale),
    ]


class Add(c.Structure):
    _fields_ = [
        ("size", I32),
        *[(n, I16) for n in ["a_zero_point", "b_zero_point", "out_zero_point", "act_min", "act_max"]],
        ("a_rescale", Rescale),
        ("b_rescale", Rescale),
        ("out_rescale", Rescale),
    ]


class Softmax(c.Structure):
    _fields_ = [("rows", I32), ("width", I16), ("multiplier", I32), ("left_shift", I32), ("diff_min", I32)]


class Pad(c.Structure):
    _fields_ = [*_shorts("in_h in_w in_channels out_h out_w out_channels top left front value")]


class Requantize(c.Structure):
    _fields_ = [("size", I32), ("in_zero_point", I16), ("out_zero_point", I16), ("rescale", Rescale)]


@cache
def library() -> c.CDLL:
    """The kernels, compiled once for this process with the undefined-behaviour checks that trap."""
    folder = cache_dir() / "test-kernels" / str(os.getpid())
    folder.mkdir(parents=True, exist_ok=True)
    kernels = next(path for path in include_dirs() if path.name == "portable")
    path = folder / "kernels.so"
    command = [
        *host_compiler(),
        "-shared",
        "-fPIC",
        "-O1",
        "-fsanitize=undefined",
        "-fsanitize-trap=undefined",
    ]
    command += [f"-I{folder}" for folder in include_dirs()]
    command += [*(str(source) for source in sorted(Path(kernels).glob("*.c"))), "-o", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return c.CDLL(str(path))


def call(kernel: str, params: c.Structure, out_shape: tuple[int, ...], *inputs: np.ndarray, scratch: int = 0):
    """Run a kernel on int8 inputs into a fresh output, guarded on both sides against stray writes."""
    guard = 64
    size = int(np.prod(out_shape))
    buffer = np.full(size + 2 * guard, 0x5A, np.int8)
    contiguous = [np.ascontiguousarray(x, np.int8) for x in inputs]
    pointers = [c.c_void_p(x.ctypes.data) for x in contiguous]
    pointers.append(c.c_void_p(buffer.ctypes.data + guard))
    work = np.zeros(scratch, np.int8)
    if scratch:
        pointers.append(c.c_void_p(work.ctypes.data))
    getattr(library(), kernel)(c.byref(params), *pointers)
    assert (buffer[:guard] == 0x5A).all() and (buffer[-guard:] == 0x5A).all(), (
        f"{kernel} wrote outside its output"
    )
    return buffer[guard:-guard].reshape(out_shape)
