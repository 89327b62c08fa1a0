"""Runs one layer with weights on this computer or on an emulated core, packed as the lowering packs it."""

import ctypes as c
from dataclasses import dataclass

import numpy as np

from harness.firmware.backends import HOST, Target, target_of
from harness.firmware.packed import Packed
from harness.firmware.shapes import Geometry
from tests.firmware import kernel_library
from tests.firmware.core_library import core_library


def _structure(name: str, shorts: list[str], pointer: type, tail: list[tuple[str, type]]) -> type:
    fields = [(n, c.c_int16) for n in [*Geometry.__annotations__, *shorts]]
    pointers = [(n, pointer) for n in ("weights", "bias", "multiplier", "shift")]
    return type(name, (c.Structure,), {"_fields_": [*fields, *pointers, *tail]})


def _product(pointer: type) -> type:
    shorts = ["in_channels", "out_channels", "in_zero_point", "out_zero_point", "depth", "flags"]
    return _structure("Product", shorts, pointer, [("act_min", c.c_int8), ("act_max", c.c_int8)])


def _depthwise(pointer: type) -> type:
    shorts = ["channels", "in_channels", "in_zero_point", "out_zero_point"]
    tail = [("flags", c.c_int16), ("act_min", c.c_int8), ("act_max", c.c_int8)]
    return _structure("Depthwise", shorts, pointer, tail)


@dataclass(frozen=True)
class Runner:
    """Where kernels run: this computer, or an emulated core with the code of one compiler."""

    core: str | None = None
    toolchain: str = "zig"

    @property
    def target(self) -> Target:
        """What constants are packed for."""
        return target_of(self.core) if self.core else HOST

    def run(
        self,
        family: str,
        packed: Packed,
        fields: dict,
        x: np.ndarray,
        out_bytes: int,
        scratch: int,
        in_place=False,
    ):
        """Output of a layer and the cycles it took (0 on this computer).

        Args:
            family: `"conv2d"`, `"depthwise"` or `"dense"`.
            packed: Its constants.
            fields: The other fields of its parameters.
            x: int8 input.
            out_bytes: Size of the output.
            scratch: Bytes of working memory, exactly.
            in_place: Whether the output is written over the input, on a core.
        """
        symbol = f"{family}_s8_{packed.kernel}"
        make = _depthwise if family == "depthwise" else _product
        constants = {n: getattr(packed, n) for n in ("weights", "bias", "multiplier", "shift")}
        x = np.ascontiguousarray(x)
        out = np.full(out_bytes, 0x55, np.int8)
        if self.core is None:
            keep = {n: np.ascontiguousarray(v) for n, v in constants.items() if v is not None}
            params = make(c.c_void_p)(**fields, **{n: v.ctypes.data for n, v in keep.items()})
            return kernel_library.call(symbol, params, (out_bytes,), x, scratch=scratch), 0
        library = core_library(self.core, self.toolchain)
        library.clear()
        places = {n: library.place(v) for n, v in constants.items() if v is not None}
        params = make(c.c_uint32)(**fields, **places)
        work = np.full(scratch + (-scratch % 4), 0x33, np.int8)
        if in_place:
            out = np.resize(x.reshape(-1), max(x.size, out_bytes))
        called = library.call(symbol, bytes(params), out if in_place else x, out, work)
        return out[:out_bytes], called.cycles
