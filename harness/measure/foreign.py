"""Devices that are not ours: known by their port only, and asked nothing but what EnergyRunner asks."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import serial

from harness.dut import Dut
from harness.dut.events import ImageInfo
from harness.dut.link import SerialPort
from harness.errors import InputError, LinkError, ProtocolError, WrongImageError
from harness.measure.loading import StrictLoader
from harness.measure.samples import GivenSamples, read_samples

_READ_TIMEOUT_S = 1.0
_WRITE_TIMEOUT_S = 5.0
# Opening the port resets many boards, and what they say then is no answer.
_TRIES = 3
_LABELS_FILE = "y_labels.csv"
_PSEUDO_TERMINALS = "/dev/pts/"


@dataclass(frozen=True)
class Contract:
    """What EnergyRunner's benchmark of this name sends and hears.

    Attributes:
        task: Name on the command line.
        model_id: What the device answers to `profile`.
        shape: Of one input.
        dtype: Of its values on the wire.
        results: Values in `m-results`.
    """

    task: str
    model_id: str
    shape: tuple[int, ...]
    dtype: type[np.int8] | type[np.uint8] | type[np.float32]
    results: int

    @property
    def size_bytes(self) -> int:
        """Bytes of one input on the wire."""
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize


CONTRACTS = {
    found.task: found
    for found in (
        Contract("kws", "kws01", (49, 10, 1), np.int8, 12),
        Contract("vww", "vww01", (96, 96, 3), np.uint8, 2),
        Contract("ic", "ic01", (32, 32, 3), np.uint8, 10),
        Contract("ad", "ad01", (640,), np.float32, 1),
    )
}
"""Contract by task."""


class ForeignDut(Dut):
    """A device whose firmware is of others: it is never sent a command that EnergyRunner does not know."""

    def info(self) -> ImageInfo | None:
        """None: there is nothing to ask."""
        return None


class ForeignLoader(StrictLoader):
    """Samples as they lie in EnergyRunner's files, and outputs that must be as many as the benchmark has.

    Args:
        dut: The device.
        contract: Its benchmark.
    """

    def __init__(self, dut: Dut, contract: Contract) -> None:
        super().__init__(dut)
        self._results = contract.results

    def ask(self, sample: bytes) -> npt.NDArray[np.float32]:
        output = super().ask(sample)
        if len(output) != self._results:
            raise ProtocolError(
                self._dut.board,
                f"m-results has {len(output)} values and the benchmark {self._results}; "
                "is this the firmware of another benchmark?",
            )
        return output


@contextmanager
def open_port(port: str, baud: int) -> Iterator[SerialPort]:
    """Open a serial port (a device's path, or a URL as `socket://host:port`) for this process alone.

    Raises:
        LinkError: It is missing, in use or not permitted.
    """
    try:
        line = serial.serial_for_url(
            port,
            baud,
            timeout=_READ_TIMEOUT_S,
            write_timeout=_WRITE_TIMEOUT_S,
            exclusive="://" not in port,
        )
    except (OSError, ValueError) as error:
        raise LinkError(
            f"port:{port}", f"cannot open it at {baud} baud: {error}; check --port and --baud"
        ) from error
    try:
        yield line
    finally:
        line.close()


def is_emulated(port: str) -> bool:
    """Whether no hardware can be behind a port, because it is a pseudo-terminal."""
    return os.path.realpath(port).startswith(_PSEUDO_TERMINALS)


def identify(dut: Dut, contract: Contract) -> str:
    """Get into step with a device in whatever state it is, and make sure of its model.

    Returns:
        The vendor's name of the device.

    Raises:
        LinkError: It does not answer.
        WrongImageError: It runs another model than the benchmark's.
    """
    vendor = _name(dut)
    model_id = dut.profile().model_id
    if model_id != contract.model_id:
        raise WrongImageError(
            dut.board,
            f"the device runs {model_id} and --task {contract.task} is {contract.model_id}; "
            "flash that firmware or choose its task",
        )
    return vendor


def find_samples(contract: Contract, data: Path) -> GivenSamples:
    """The labelled samples of a benchmark, as they go over the line.

    Args:
        contract: The benchmark.
        data: EnergyRunner's folder with `y_labels.csv`, a folder that has it as `<model id>` or
            `<task>/<model id>`, or an `.npz` file.

    Raises:
        InputError: There are none, or they are not the bytes that the device takes.
    """
    folders = (data, data / contract.model_id, data / contract.task / contract.model_id)
    found = data if data.is_file() else next((f for f in folders if (f / _LABELS_FILE).is_file()), None)
    if found is None:
        raise InputError(
            f"{data} has no {_LABELS_FILE}, nor has {contract.model_id}/ in it; give EnergyRunner's folder"
        )
    samples = read_samples(found, contract.shape)
    if samples.x.dtype != contract.dtype:
        raise InputError(
            f"{found} has samples of {samples.x.dtype} and {contract.model_id} takes "
            f"{np.dtype(contract.dtype)}; give EnergyRunner's files"
        )
    return samples


def noise(contract: Contract, count: int) -> list[bytes]:
    """Inputs without a meaning, always the same, to time a device where there is no data."""
    random = np.random.default_rng(0)
    if contract.dtype is np.float32:
        return [random.normal(size=contract.shape).astype(np.float32).tobytes() for _ in range(count)]
    return [random.bytes(contract.size_bytes) for _ in range(count)]


def _name(dut: Dut) -> str:
    for _ in range(_TRIES - 1):
        try:
            return dut.name()
        except LinkError:
            continue  # the next command finds its way back into step first
    return dut.name()
