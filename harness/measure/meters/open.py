"""Meters by name: `lpm01a:/dev/ttyACM1`, `lpm01a:/dev/ttyACM1?mv=1800`, `joulescope`, `joulescope:SERIAL`."""

from harness.errors import InputError
from harness.measure.meters.joulescope import Joulescope
from harness.measure.meters.lpm01a import DEFAULT_SUPPLY_MV, Lpm01a
from harness.measure.meters.meter import Meter

_LEAST_MV, _MOST_MV = 1800, 3300


def open_meter(spec: str, *, simulated: bool = False) -> Meter:
    """The meter that `spec` names, ready to record.

    Args:
        spec: As above.
        simulated: Whether it is the simulated one of a virtual board.

    Raises:
        InputError: `spec` names no meter, or its driver is not installed.
        MeterError: It cannot be opened.
    """
    kind, _, place = spec.partition(":")
    if kind == "joulescope":
        return Joulescope(place or None)
    if kind == "lpm01a" and place:
        port, _, option = place.partition("?")
        return Lpm01a(port, _supply_mv(spec, option), simulated=simulated)
    raise InputError(
        f"no meter {spec!r}; name one as lpm01a:PORT, lpm01a:PORT?mv=1800, joulescope or joulescope:SERIAL"
    )


def _supply_mv(spec: str, option: str) -> int:
    if not option:
        return DEFAULT_SUPPLY_MV
    name, _, number = option.partition("=")
    if name != "mv" or not number.isdecimal() or not _LEAST_MV <= int(number) <= _MOST_MV:
        raise InputError(f"meter {spec!r}: what follows ? is mv=N, N from {_LEAST_MV} to {_MOST_MV}")
    return int(number)
