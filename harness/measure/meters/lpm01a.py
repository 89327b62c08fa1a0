"""ST's X-NUCLEO-LPM01A power shield over its serial port.

Commands and data stream: ST UM2269, chapter 6. Each line of the stream is a sample `DDDD-DD` (mantissa and
power of ten, in joules for `output energy`), `TimeStamp: SSSs MMMms, buff NN%` once a second, or
`event NN ris` at an edge of the event input, whichever edge that was.
"""

import re
import threading
import time
from collections.abc import Callable

import numpy as np
import serial

from harness.errors import MeterError
from harness.measure.meters.trace import Trace

BAUD = 3_686_400
SAMPLE_HZ = 1000
DEFAULT_SUPPLY_MV = 3000

_SETTINGS = (
    "acqtime inf",
    "trigdelay 0",
    "trigsrc sw",
    "eventsrc d7 fal",
    "output energy",
    "format ascii_dec",
    f"freq {SAMPLE_HZ // 1000}k",
)
_ANSWER_S = 3.0
_END_S = 10.0
_QUIET_S = 0.5
_SAMPLE = re.compile(rb"(\d{4})([+-]\d{2})")
_TIME = re.compile(rb"TimeStamp: (\d{3})s (\d{3})ms")
_EVENT = re.compile(rb"event \d+ ris")
_PROMPT = b"PowerShield > "
_LINE_LIMIT = 4096


class Lpm01a:
    """The power shield; it supplies the board through its own switch.

    Args:
        port: Its serial port.
        supply_mv: Voltage to supply, 1800 to 3300 mV.
        simulated: Whether it is that of a virtual board.

    Raises:
        MeterError: The port cannot be opened, or what answers is no power shield.
    """

    def __init__(self, port: str, supply_mv: int = DEFAULT_SUPPLY_MV, *, simulated: bool = False) -> None:
        self.name = "lpm01a"
        self.simulated = simulated
        self.supply_mv: int | None = supply_mv
        try:
            self._port = serial.Serial(port, BAUD, timeout=0.1, write_timeout=_ANSWER_S, exclusive=True)
        except (OSError, ValueError) as error:
            raise MeterError(self.name, f"cannot open its port {port}: {error}") from error
        self._answers: list[bytes] = []
        self._data: list[bytes] = []
        self._heard_at = time.monotonic()
        self._changed = threading.Condition()
        self._closing = False
        self._reader = threading.Thread(target=self._read, name="lpm01a", daemon=True)
        self._reader.start()
        try:
            self._command("htc")
            for setting in (*_SETTINGS, f"volt {supply_mv}m", "pwr on"):
                self._command(setting)
        except MeterError:
            self.close()
            raise

    def start(self) -> None:
        """Begin to record."""
        with self._changed:
            self._data.clear()
        self._command("start")

    def stop(self) -> Trace:
        """End the recording and give it."""
        with self._changed:
            self._answers.clear()
        self._send("stop")
        if not self._wait(lambda: any(b"cquisition completed" in line for line in self._answers), _END_S):
            raise MeterError(self.name, "it does not end the recording; unplug it and plug it in again")
        with self._changed:
            data = list(self._data)
        return read_stream(data)

    def close(self) -> None:
        """Let it go; the board stays supplied."""
        self._closing = True
        self._reader.join()
        self._port.close()

    def _command(self, command: str) -> None:
        with self._changed:
            self._answers.clear()
        self._send(command)
        wanted = (b"ack " + command.encode(), b"error " + command.encode())
        if not self._wait(lambda: any(line in wanted for line in self._answers), _ANSWER_S):
            raise MeterError(
                self.name,
                f"no answer to {command!r} from {self._port.port}; is this the power shield's port?",
            )
        if wanted[0] not in self._answers:
            self._wait(lambda: any(line.startswith(b"Error detail") for line in self._answers), _QUIET_S)
            detail = b"; ".join(line for line in self._answers if line.startswith(b"Error detail"))
            raise MeterError(self.name, f"it refuses {command!r}: {detail.decode(errors='replace')}")

    def _send(self, command: str) -> None:
        try:
            self._port.write(command.encode() + b"\n")
        except OSError as error:
            raise MeterError(self.name, f"its port {self._port.port} fails: {error}") from error

    def _wait(self, done: Callable[[], bool], quiet_s: float) -> bool:
        """Whether `done` came true before nothing was heard for `quiet_s`."""
        with self._changed:
            self._heard_at = time.monotonic()
            while not done():
                if time.monotonic() - self._heard_at > quiet_s or not self._reader.is_alive():
                    return False
                self._changed.wait(0.05)
        return True

    def _read(self) -> None:
        rest = b""
        while not self._closing:
            try:
                rest += self._port.read(max(self._port.in_waiting, 1))
            except OSError:
                return  # the port is gone: whoever waits for an answer says so
            *lines, rest = rest.split(b"\n")
            rest = rest[-_LINE_LIMIT:]
            if lines:
                with self._changed:
                    self._heard_at = time.monotonic()
                    for line in lines:
                        self._sort(line.replace(b"\r", b"").replace(b"\0", b"").removeprefix(_PROMPT))
                    self._changed.notify_all()

    def _sort(self, line: bytes) -> None:
        if _SAMPLE.match(line) or _TIME.match(line) or _EVENT.match(line):
            self._data.append(line)
        elif line:
            self._answers.append(line.strip())


def read_stream(lines: list[bytes]) -> Trace:
    """The recording in the lines of a data stream.

    A second with fewer samples than its time stamps ask for has lost some: the missing ones are put at its
    end as NaN, so that what follows stands where it belongs.

    Args:
        lines: Samples, time stamps and events, in order.

    Returns:
        Energies in microjoules, edges at whole samples.
    """
    samples: list[float] = []
    edges: list[float] = []
    last: tuple[int, int] | None = None  # milliseconds and number of samples at the last time stamp
    for line in lines:
        if _EVENT.match(line):
            edges.append(float(len(samples)))
        elif found := _TIME.match(line):
            now_ms = int(found[1]) * 1000 + int(found[2])
            if last is not None:
                due = last[1] + (now_ms - last[0]) * SAMPLE_HZ // 1000
                samples.extend([float("nan")] * max(due - len(samples), 0))
            last = (now_ms, len(samples))
        else:
            # A line that lost its end may hold the beginning of the next one.
            values = [float(m[1]) * 10.0 ** int(m[2]) * 1e6 for m in _SAMPLE.finditer(line)]
            whole = _SAMPLE.fullmatch(line.strip()) is not None
            samples.extend(values if whole else [float("nan")] * max(len(values), 1))
    return Trace(float(SAMPLE_HZ), np.array(samples, dtype=np.float64), tuple(edges))
