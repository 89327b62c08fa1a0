"""Traces that another tool has recorded, as CSV."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from harness.errors import InputError
from harness.measure.meters.trace import Trace

# Columns that are understood, in lower case, with the factor that makes SI units of them.
_TIMES = {"time_s": 1.0, "time_ms": 1e-3, "time_us": 1e-6}
_POWERS = {"power_w": 1.0, "power_mw": 1e-3, "power_uw": 1e-6}
_CURRENTS = {"current_a": 1.0, "current_ma": 1e-3, "current_ua": 1e-6}
_VOLTAGES = {"voltage_v": 1.0, "voltage_mv": 1e-3}
_PIN = "pin"
# Longer than this many usual steps between two rows is a gap.
_GAP_STEPS = 1.5
_LEAST_ROWS = 3


def read_csv_trace(path: Path, supply_v: float | None = None) -> Trace:
    """Read a recorded trace.

    Columns, in any order and case, others ignored: `time_s|ms|us`; `power_w|mw|uw`, or `current_a|ma|ua`
    with `voltage_v|mv` or `supply_v`; `pin`, the level (0 or 1) of the time stamp's pin. Rows are evenly
    spaced; where some are missing, the trace has a gap there.

    Args:
        path: The file.
        supply_v: Volts, where the file has currents and no voltages.

    Raises:
        InputError: The file cannot be read, a column is missing, or a value is no number.
    """
    try:
        table = pd.read_csv(path, comment="#", skipinitialspace=True)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the trace {path}: {error}") from error
    table.columns = [str(name).strip().lower() for name in table.columns]
    time_s = _column(path, table, _TIMES, "a time")
    if any(name in table for name in _POWERS):
        power_w = _column(path, table, _POWERS, "a power")
    else:
        current_a = _column(path, table, _CURRENTS, "a power or a current")
        if any(name in table for name in _VOLTAGES):
            power_w = current_a * _column(path, table, _VOLTAGES, "a voltage")
        elif supply_v is not None:
            power_w = current_a * supply_v
        else:
            raise InputError(f"{path}: currents without a voltage; give --supply-mv or a column voltage_v")
    if _PIN not in table:
        raise InputError(f"{path}: no column {_PIN!r} with the level of the time stamp's pin")
    return _trace(path, time_s, power_w, _numbers(path, table, _PIN))


def _column(path: Path, table: pd.DataFrame, known: dict[str, float], what: str) -> npt.NDArray[np.float64]:
    for name, factor in known.items():
        if name in table:
            return _numbers(path, table, name) * factor
    raise InputError(f"{path}: no column with {what}; one of {', '.join(known)} is needed")


def _numbers(path: Path, table: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    try:
        return table[name].to_numpy(dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: column {name!r} holds something that is no number: {error}") from error


def _trace(
    path: Path,
    time_s: npt.NDArray[np.float64],
    power_w: npt.NDArray[np.float64],
    level: npt.NDArray[np.float64],
) -> Trace:
    if len(time_s) < _LEAST_ROWS:
        raise InputError(f"{path}: {len(time_s)} rows are no trace")
    steps = np.diff(time_s)
    step_s = float(np.median(steps))
    if not step_s > 0 or not np.all(steps > 0):
        raise InputError(f"{path}: the times do not increase from row to row")
    # Each row at its place on an even grid; places without a row are gaps.
    missing = np.where(steps > _GAP_STEPS * step_s, np.rint(steps / step_s).astype(int) - 1, 0)
    place = np.arange(len(time_s)) + np.concatenate([[0], np.cumsum(missing)])
    energy_uj = np.full(int(place[-1]) + 1, np.nan)
    energy_uj[place] = power_w * step_s * 1e6
    high = level > 0.5
    falling = np.flatnonzero(high[:-1] & ~high[1:]) + 1
    return Trace(1.0 / step_s, energy_uj, tuple(float(place[row]) for row in falling))
