"""Everything that outlives a command: measurements, studies, artifacts, finished stages."""

from harness.store.measurements import Measurement
from harness.store.nights import HEALTH, Night, NightResult
from harness.store.stages import Stage, stage_key
from harness.store.store import Store
from harness.store.studies import Decision, Study

__all__ = [
    "HEALTH",
    "Decision",
    "Measurement",
    "Night",
    "NightResult",
    "Stage",
    "Store",
    "Study",
    "stage_key",
]
