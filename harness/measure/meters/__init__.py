"""Power meters: what is between a board's supply and the board."""

from harness.measure.meters.csv_trace import read_csv_trace
from harness.measure.meters.meter import Meter
from harness.measure.meters.open import open_meter
from harness.measure.meters.trace import Trace, Window

__all__ = ["Meter", "Trace", "Window", "open_meter", "read_csv_trace"]
