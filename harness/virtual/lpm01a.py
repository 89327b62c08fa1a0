"""A simulated X-NUCLEO-LPM01A in the board's supply (ST UM2269, chapter 6, as far as it says).

What the board draws is a model: `run_ua` of the kind's file while it is supplied, whatever it executes.
"""

from collections.abc import Callable

from harness.config.kinds import Power

_FREQUENCIES = {
    f"{number}{unit}": number * scale
    for unit, scale, numbers in (("", 1, (1, 2, 5, 10, 20, 50, 100, 200, 500)), ("k", 1000, (1, 2, 5, 10)))
    for number in numbers
}
_LEAST_MV, _MOST_MV = 1800, 3300
_CHOICES = {
    "output": ("energy",),
    "format": ("ascii_dec",),
    "acqtime": ("inf", "0"),
    "trigdelay": ("0",),
    "trigsrc": ("sw",),
    "pwrend": ("on",),
}
_EVENT_SOURCES = ("d7 fal", "d7 ris")
PROMPT = b"PowerShield > "
# A burst of samples longer than this, as after a long inference, is sent in parts.
_PART = 1000


class Lpm01a:
    """The shield's firmware. Every method is called with the board's lock held.

    Args:
        power: What the board draws.
        clock_hz: Of the board, in whose cycles times are given.
        send: Takes what goes out on the shield's serial port.
        supply: Told whether the board is supplied.
    """

    def __init__(
        self, power: Power, clock_hz: int, send: Callable[[bytes], None], supply: Callable[[bool], None]
    ) -> None:
        self._power = power
        self._clock_hz = clock_hz
        self._send = send
        self._supply = supply
        self._hosted = False
        self._supplied = True
        self._supply_mv = _MOST_MV
        self._sample_hz = 100
        self._edge_level = False
        self._start: int | None = None  # cycle at which the recording began
        self._samples = 0
        self._events = 0

    def command(self, line: str, now: int) -> None:
        """Carry out a line from the host, at cycle `now`."""
        words = line.split()
        if not words:
            self._send(PROMPT)
            return
        name, argument = words[0], " ".join(words[1:])
        if name == "stop":
            if self._start is not None:
                self.advance(now)
                self._start = None
                self._reply("\r\nAcquisition completed")
            return
        problem = self._obey(name, argument, now)
        if problem is None:
            self._reply(f"ack {line}")
            if name == "start":
                self._start, self._samples, self._events = now, 0, 0
        else:
            self._reply(f"error {line}")
            self._reply(f"Error detail: {problem}")

    def _obey(self, name: str, argument: str, now: int) -> str | None:
        """What is wrong with a command; None once it is carried out."""
        if name in ("htc", "hrc"):
            self._hosted = name == "htc"
            return None
        if name in ("powershield", "version", "status", "help"):
            return None
        if not self._hosted:
            return "host has not taken control"
        if self._start is not None and name != "pwr":
            return "acquisition under way"
        return self._set(name, argument, now)

    def _set(self, name: str, argument: str, now: int) -> str | None:
        if name == "start":
            return None
        if name == "lcd":
            return None
        if name in _CHOICES:
            return None if argument in _CHOICES[name] else f"unsupported argument {argument}"
        if name == "volt":
            millivolts = argument.removesuffix("m")
            if not millivolts.isdecimal() or not _LEAST_MV <= int(millivolts) <= _MOST_MV:
                return "voltage out of range"
            self._supply_mv = int(millivolts)
            return None
        if name == "freq":
            self._sample_hz = _FREQUENCIES.get(argument, 0) or self._sample_hz
            return None if argument in _FREQUENCIES else "unsupported frequency"
        if name == "eventsrc":
            self._edge_level = argument.endswith("ris")
            return None if argument in _EVENT_SOURCES else "unsupported event source"
        if name == "pwr":
            return self._switch(argument.split()[0] if argument else "", now)
        return "unknown command"

    def _switch(self, state: str, now: int) -> str | None:
        if state not in ("on", "off"):
            return "unsupported power state"
        self.advance(now)
        if (state == "on") != self._supplied:
            self._supplied = state == "on"
            self._supply(self._supplied)
        return None

    def edge(self, level: bool, now: int) -> None:
        """The event input changed to `level` at cycle `now`."""
        if self._start is not None and level is self._edge_level:
            self.advance(now)
            self._events += 1
            self._reply(f"event {self._events:02d} ris")

    def advance(self, now: int) -> None:
        """Send the samples that are complete at cycle `now`."""
        if self._start is None:
            return
        due = (now - self._start) * self._sample_hz // self._clock_hz
        while self._samples < due:
            part = min(due, self._samples + _PART)
            self._send(b"".join(self._line(number) for number in range(self._samples, part)))
            self._samples = part

    def _line(self, number: int) -> bytes:
        energy_j = (
            self._supply_mv * 1e-3 * self._power.run_ua * 1e-6 / self._sample_hz if self._supplied else 0.0
        )
        text = _decimal(energy_j)
        if number % self._sample_hz == 0:
            seconds = number // self._sample_hz
            text = f"TimeStamp: {seconds % 1000:03d}s 000ms, buff 00%\r\n{text}"
        return f"{text}\r\n".encode()

    def _reply(self, text: str) -> None:
        self._send(
            PROMPT + text.encode() + b"\r\n" if text.startswith(("ack", "error")) else f"{text}\r\n".encode()
        )


def _decimal(value: float) -> str:
    """Four digits and a power of ten, as `6409-07`."""
    if value == 0.0:
        return "0000-00"
    mantissa, exponent = f"{value:.3e}".split("e")
    return f"{mantissa.replace('.', '')}{int(exponent) - 3:+03d}"
