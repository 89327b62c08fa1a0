"""How MLCommons' Python runner talks to a device, in few words: what it sends, awaits and computes.

It knows nothing of this harness. Text is cut at LF, CR and NUL are dropped; a line may take 5 s; a reply ends with a
line that holds `m-ready`; inputs go by 31 bytes; the port is closed and opened again after identification.
"""

import csv
import re
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import serial

_CHUNK_BYTES = 31
_LINE_S = 5.0
_INFER_LINE_S = 30.0
_LOOPS = 5
_LEAST_RUN_S = 10.0


@dataclass(frozen=True)
class Window:
    """One `infer`: the device's stamps and what it printed."""

    start_us: int
    end_us: int
    iterations: int
    results: list[float]

    @property
    def throughput(self) -> float:
        """Inferences a second."""
        return self.iterations * 1e6 / (self.end_us - self.start_us)


@dataclass(frozen=True)
class PerformanceRun:
    """Five windows; `too_short` is the runner's "error 2", by the clock on the wall."""

    windows: list[Window]
    too_short: bool

    @property
    def median_throughput(self) -> float:
        return statistics.median(window.throughput for window in self.windows)


class SerialDevice:
    """One open port, lines in and commands out."""

    def __init__(self, path: str, baud: int) -> None:
        self._port = serial.Serial(path, baud, timeout=0.1)

    def __enter__(self) -> "SerialDevice":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._port.close()

    def flush(self) -> None:
        """End what the device may have half heard, and drop what it says."""
        self._port.reset_input_buffer()
        self._port.write(b"%")
        while self._port.read(1):
            pass

    def command(self, text: str, line_s: float = _LINE_S) -> list[str]:
        """Lines of the reply, `m-ready` with them."""
        self._port.write(text.encode() + b"%")
        lines: list[str] = []
        while not lines or "m-ready" not in lines[-1]:
            line = self._line(line_s)
            if line is None:
                raise TimeoutError(f"No response to command {text}")
            if line:
                lines.append(line)
        return lines

    def _line(self, line_s: float) -> str | None:
        deadline = time.monotonic() + line_s
        text = ""
        while time.monotonic() < deadline:
            character = self._port.read(1).decode()
            if character == "\n":
                return text
            if character and character not in "\r\0":
                text += character
        return None


class MlcommonsRunner:
    """Identifies a device and runs its performance and accuracy scripts.

    Args:
        path: The port.
        baud: Its speed.
    """

    def __init__(self, path: str, baud: int = 115_200) -> None:
        self._path, self._baud = path, baud
        self.name = self.model = ""

    def identify(self) -> None:
        """Name and model, and the port closed again."""
        with SerialDevice(self._path, self._baud) as device:
            device.flush()
            for line in device.command("name") + device.command("profile"):
                if found := re.match(r"^m-(name-dut|model)-\[([^]]+)]$", line):
                    setattr(self, found[1].removesuffix("-dut"), found[2])

    def performance(self, files: list[Path], iterations: int, warmup: int) -> PerformanceRun:
        """`loop 5` of download and infer."""
        start = time.monotonic()
        with SerialDevice(self._path, self._baud) as device:
            windows = [
                self._window(device, files[loop % len(files)], iterations, warmup) for loop in range(_LOOPS)
            ]
        return PerformanceRun(windows, time.monotonic() - start < _LEAST_RUN_S)

    def accuracy(self, folder: Path) -> tuple[float, list[list[float]]]:
        """Top-1 over the files of `y_labels.csv`, and each one's results."""
        rows = list(csv.reader((folder / "y_labels.csv").read_text().splitlines()))
        with SerialDevice(self._path, self._baud) as device:
            results = [self._window(device, folder / row[0], 1, 0).results for row in rows]
        right = [given.index(max(given)) == int(row[2]) for given, row in zip(results, rows, strict=True)]
        return sum(right) / len(right), results

    def _window(self, device: SerialDevice, file: Path, iterations: int, warmup: int) -> Window:
        self._download(device, file.read_bytes())
        lines = device.command(f"infer {iterations} {warmup}", _INFER_LINE_S)
        laps = [int(found[1]) for line in lines if (found := re.match(r"^m-lap-us-([0-9]+)$", line))]
        printed = [found[1] for line in lines if (found := re.match(r"^m-results-\[([^]]+)\]$", line))]
        start_us, end_us = laps
        return Window(
            start_us, end_us, iterations, [float(value) for value in printed[0].split(",") if value.strip()]
        )

    @staticmethod
    def _download(device: SerialDevice, data: bytes) -> None:
        device.command(f"db load {len(data)}")
        for start in range(0, len(data), _CHUNK_BYTES):
            reply = device.command(f"db {data[start : start + _CHUNK_BYTES].hex()}")
        if "m-load-done" not in reply:
            raise ValueError(f"the last chunk was answered with {reply}")
