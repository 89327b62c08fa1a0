"""Ways of a sample into the device, each checked as far as the device can check."""

import zlib
from abc import abstractmethod
from functools import partial

import numpy as np
import numpy.typing as npt

from harness.bench import LeasedBoard
from harness.bench.symbols import pointer_value
from harness.dut import Dut
from harness.errors import InputError, LinkError, ProbeError
from harness.firmware import Image
from harness.firmware.wire import printed_values, to_wire
from harness.measure.loader import Loader

LOADS = ("swd", "serial", "serial-strict")
"""Through the debug port; by serial with the firmware's extensions; by serial to the letter of the protocol."""


class StrictLoader(Loader):
    """No extensions: works with a stranger's firmware. What the line alters without a trace goes unnoticed."""

    name = "serial-strict"

    def load(self, sample: bytes) -> None:
        self._again(lambda: self._send(sample))

    def ask(self, sample: bytes) -> npt.NDArray[np.float32]:
        def step() -> list[float] | None:
            self._send(sample)
            with self._clocked():
                results = self._dut.infer(1, 0, self._answer_s()).results
            return results if self._whole(len(results)) else None

        return np.array(self._again(step), np.float32)

    def _send(self, sample: bytes) -> bool:
        self._dut.load(self._wire(sample))  # by default as many bytes a command as MLCommons' runner
        return True


class _CheckedLoader(Loader):
    """The device tells the checksum of what has arrived."""

    @abstractmethod
    def _put(self, sample: bytes) -> None: ...

    def load(self, sample: bytes) -> None:
        def step() -> bool | None:
            self._put(sample)
            return self._dut.check_sample() == zlib.crc32(sample) or None

        self._again(step)

    def ask(self, sample: bytes) -> npt.NDArray[np.int8]:
        def step() -> bytes | None:
            self._put(sample)
            with self._clocked():
                crc32, output = self._dut.run_sample(self._answer_s())
            return output if crc32 == zlib.crc32(sample) and self._whole(len(output)) else None

        return np.frombuffer(self._again(step), np.int8)


class SerialLoader(_CheckedLoader):
    """`db` in chunks as long as the firmware takes them."""

    name = "serial"

    def _put(self, sample: bytes) -> None:
        self._dut.load(self._wire(sample), self._dut.max_chunk_bytes)


class SwdLoader(_CheckedLoader):
    """Written into the input tensor through the debug port, while the core runs.

    Args:
        dut: The device.
        board: The same board's probe.
        address: Of the input tensor.
        outputs: Values of the output tensor.
    """

    name = "swd"

    def __init__(self, dut: Dut, board: LeasedBoard, address: int, outputs: int | None = None) -> None:
        super().__init__(dut, outputs=outputs)
        self._board = board
        self._address = address

    def _put(self, sample: bytes) -> None:
        self._board.write_memory(self._address, sample)


def make_loader(dut: Dut, board: LeasedBoard, image: Image, load: str | None = None) -> Loader:
    """The way in that was asked for, or the fastest that works.

    Args:
        dut: A device that runs `image`.
        board: The board it is.
        image: What it runs.
        load: One of `LOADS`; None for `swd` where the probe can write to a running core, else `serial`.

    Raises:
        InputError: There is no such way.
        LinkError: The line fails.
        ProbeError: `swd` was asked for and the probe cannot do it.
    """
    encode = partial(to_wire, model_id=image.model_id, tensor=image.input)
    outputs = image.output.size_bytes
    if load == "serial-strict":
        return StrictLoader(dut, encode, printed_values(image.model_id, image.output))
    if load == "serial":
        return SerialLoader(dut, encode, outputs)
    if load not in (None, "swd"):
        raise InputError(f"unknown way of loading {load!r}; choose one of {', '.join(LOADS)}")
    address = pointer_value(image.elf_path, "model_input")
    try:
        if address is None:
            raise ProbeError(board.name, f"{image.elf_path} has no symbol model_input; build it anew")
        loader = SwdLoader(dut, board, address, outputs)
        loader.load(bytes(image.input.size_bytes))
        return loader
    except (ProbeError, LinkError):
        if load == "swd":
            raise
        return SerialLoader(dut, encode, outputs)
