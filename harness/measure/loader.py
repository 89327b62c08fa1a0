"""What every way of a sample into the device has in common: it is tried again, and its answer awaited."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy.typing as npt

from harness.dut import Dut
from harness.errors import LinkError

Output = npt.NDArray[Any]
"""An output tensor: int8 raw, or float32 as printed."""

_TRIES = 3
# The first answer may take long; later ones little more than the slowest before them, so that a lost one is noticed.
_FIRST_ANSWER_S = 120.0
_LEAST_ANSWER_S = 2.0
_SLOWER = 20.0

T = TypeVar("T")


class Loader(ABC):
    """Puts samples into one device.

    Samples are given as the bytes of the int8 input tensor. Every method raises `LinkError` when a sample
    does not arrive whole several times in a row, and `ProbeError` when the debug port fails.

    Args:
        dut: The device.
        encode: From the tensor's bytes to those that travel by serial; None where they are the same.
        outputs: Values of its answer; one of another length has lost some. None if not known.

    Attributes:
        name: One of `LOADS`.
        retries: Samples sent again so far.
    """

    name = ""

    def __init__(
        self, dut: Dut, encode: Callable[[bytes], bytes] | None = None, outputs: int | None = None
    ) -> None:
        self._dut = dut
        self._wire = encode or bytes
        self._outputs = outputs
        self.retries = 0
        self._slowest_s: float | None = None

    @abstractmethod
    def load(self, sample: bytes) -> None:
        """Put a sample where the next inference finds it."""

    @abstractmethod
    def ask(self, sample: bytes) -> Output:
        """The output tensor for a sample: int8 raw, or float32 where the device tells only decimals."""

    def _again(self, step: Callable[[], T | None]) -> T:
        """What `step` gives, tried again after a failure of the line or a wrong checksum (None)."""
        failure: LinkError | None = None
        for tries in range(_TRIES):
            self.retries += tries > 0
            try:
                result = step()
            except LinkError as error:
                failure = error
                self._dut.resync()
                continue
            if result is not None:
                return result
            failure = LinkError(
                self._dut.board,
                f"a sample or its answer arrived damaged {_TRIES} times; check the cables and that the image "
                "is the one that was flashed",
            )
        assert failure is not None
        raise failure

    def _answer_s(self) -> float:
        """Seconds to wait for an inference's answer."""
        return _FIRST_ANSWER_S if self._slowest_s is None else max(_LEAST_ANSWER_S, _SLOWER * self._slowest_s)

    @contextmanager
    def _clocked(self) -> Iterator[None]:
        """Learn how long an answer takes, where it comes."""
        start = time.monotonic()
        yield
        self._slowest_s = max(self._slowest_s or 0.0, time.monotonic() - start)

    def _whole(self, count: int) -> bool:
        """Whether an answer of so many values is a whole one."""
        return self._outputs is None or count == self._outputs
