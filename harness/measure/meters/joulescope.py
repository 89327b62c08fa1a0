"""Joulescope JS220 and JS110 through their maker's driver, an optional dependency."""

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import InputError, MeterError
from harness.measure.meters.trace import Trace

SAMPLE_HZ = 100_000
_INPUT = "gpi0"


class Joulescope:
    """A Joulescope in the board's supply line, its input 0 at the time stamp's pin.

    Args:
        serial_number: Which one, where several are connected; None for the only one.
        driver: The `joulescope` module; imported where it is None.

    Raises:
        InputError: The driver is not installed.
        MeterError: There is no such Joulescope, or it cannot be opened.
    """

    def __init__(self, serial_number: str | None = None, driver: Any = None) -> None:
        self.name = "joulescope"
        self.simulated = False
        self.supply_mv: int | None = None
        self._device = self._open(driver or _installed_driver(), serial_number)
        self._collected = _Collector()
        self._device.stream_process_register(self._collected)

    def _open(self, driver: Any, serial_number: str | None) -> Any:
        try:
            found = driver.scan(config="auto")
            wanted = [d for d in found if serial_number in (None, str(d.serial_number))]
            if len(wanted) != 1:
                which = "" if serial_number is None else f" with serial number {serial_number}"
                raise MeterError(
                    self.name,
                    f"{len(wanted)} Joulescopes{which} are connected where one is needed; plug it in, or name "
                    "one as joulescope:SERIAL",
                )
            device = wanted[0]
            device.open()
            device.parameter_set("sensor_power", "on")
            device.parameter_set("i_range", "auto")
            device.parameter_set("current_lsb", _INPUT)
            device.parameter_set("sampling_frequency", SAMPLE_HZ)
            return device
        except (RuntimeError, OSError, ValueError, KeyError) as error:
            raise MeterError(self.name, f"cannot be opened: {error}") from error

    def start(self) -> None:
        """Begin to record."""
        self._collected.clear()
        self._call(self._device.start)

    def stop(self) -> Trace:
        """End the recording and give it."""
        self._call(self._device.stop)
        power_w, level = self._collected.take()
        sample_hz = float(self._device.sampling_frequency)
        # The driver fills what was lost with zeros in the input's stream, which are no edges.
        heard = ~np.isnan(power_w)
        last_heard = np.maximum.accumulate(np.where(heard, np.arange(len(level)), 0))
        level = np.where(heard, level, level[last_heard])
        falling = np.flatnonzero((level[:-1] == 1) & (level[1:] == 0)) + 1
        return Trace(sample_hz, power_w / sample_hz * 1e6, tuple(float(edge) for edge in falling))

    def close(self) -> None:
        """Let it go; the board stays supplied."""
        self._call(self._device.close)

    def _call(self, step: Any) -> None:
        try:
            step()
        except (RuntimeError, OSError, ValueError) as error:
            raise MeterError(self.name, f"the connection failed: {error}") from error


def _installed_driver() -> Any:
    try:
        import joulescope
    except ImportError as error:
        raise InputError(
            "the Joulescope's driver is not installed: pip install 'tinyml-harness[energy]'"
        ) from error
    return joulescope


class _Collector:
    """What the driver calls with each new piece of the stream; keeps power and input without gaps."""

    def __init__(self) -> None:
        self.driver_active = True
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self._next: int | None = None
            self._power: list[npt.NDArray[np.float64]] = []
            self._level: list[npt.NDArray[np.uint8]] = []

    def stream_notify(self, stream_buffer: Any) -> bool:
        """Take what is new; gives False so that the stream goes on."""
        with self._lock:
            first, end = stream_buffer.sample_id_range
            if first is None or end is None:
                return False
            begin = first if self._next is None else self._next
            if begin < first:  # the buffer has run over what was not taken in time
                self._power.append(np.full(first - begin, np.nan))
                self._level.append(np.full(first - begin, self._last_level(), dtype=np.uint8))
                begin = first
            if begin < end:
                got = stream_buffer.samples_get(begin, end, ["power", "current_lsb"])["signals"]
                self._power.append(np.asarray(got["power"]["value"], dtype=np.float64).copy())
                self._level.append(np.asarray(got["current_lsb"]["value"], dtype=np.uint8).copy())
                self._next = end
        return False

    def _last_level(self) -> int:
        return int(self._level[-1][-1]) if self._level else 1

    def take(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]:
        """Power in watts, NaN where lost, and the input's level; both shape `(n,)`."""
        with self._lock:
            if not self._power:
                return np.empty(0), np.empty(0, dtype=np.uint8)
            return np.concatenate(self._power), np.concatenate(self._level)
