"""Which model a job measures on a board."""

from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError
from harness.nightly.plan import Job
from harness.store import Store


@dataclass(frozen=True)
class JobModel:
    """A model to measure.

    Attributes:
        path: The `.tflite` file.
        name: What to call it in the row.
    """

    path: Path
    name: str


def model_of(job: Job, board: str, store: Store) -> JobModel:
    """The job's file, or what its study chose for the board.

    Raises:
        InputError: There is no such study, or it chose nothing for the board.
        StoreError: The chosen model is not in the store any more.
    """
    if job.model is not None:
        return JobModel(job.model, job.model.stem)
    assert job.study is not None
    decision = store.study(job.study).decisions.get(board)
    if decision is None or decision.candidate is None:
        raise InputError(
            f"job {job.name!r}: the study {job.study!r} has chosen nothing for {board}; search with that board, "
            "or take another study"
        )
    rows = store.measurements(job.study, board=board, candidate=decision.candidate, status="ok")
    if not rows:
        raise InputError(f"job {job.name!r}: the study {job.study!r} has no row of its choice on {board}")
    return JobModel(store.artifacts.path(rows[-1].model_sha256), rows[-1].model_name)
