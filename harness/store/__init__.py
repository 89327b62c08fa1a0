"""Everything that outlives a command: measurements, studies, artifacts, finished stages."""

from harness.store.measurements import Measurement
from harness.store.stages import Stage, stage_key
from harness.store.store import Store
from harness.store.studies import Decision, Study

__all__ = ["Decision", "Measurement", "Stage", "Store", "Study", "stage_key"]
