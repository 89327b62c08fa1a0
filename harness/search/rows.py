"""A row of the store: what was measured, where, and the figures."""

import uuid
from collections.abc import Sequence
from typing import Any

from harness.bench import LeasedBoard
from harness.bench.recovery import RecoveryStep
from harness.search.subject import Subject
from harness.store import Measurement


def _told(steps: Sequence[RecoveryStep]) -> str | None:
    """What was tried to mend the board, in a line."""
    return (
        "; ".join(f"{step.doing}: {step.step}{'' if step.helped else ' in vain'}" for step in steps) or None
    )


def row_of(subject: Subject, board: LeasedBoard, **figures: Any) -> Measurement:
    """The row of `subject` on `board` with further columns."""
    return Measurement(
        run_id=uuid.uuid4().hex,
        board=board.name,
        kind=board.kind.name,
        virtual=board.virtual,
        probe=board.probe_uid,
        model_sha256=subject.sha256,
        model_name=subject.name,
        candidate=subject.candidate,
        cut=subject.cut,
        head=subject.head,
        study=subject.study,
        seed=subject.seed,
        trained=subject.trained,
        float_accuracy=subject.float_accuracy,
        padding_bytes=subject.padding_bytes or None,
        whole=subject.whole,
        wait_states=_wait_states(board),
        recovery=_told(board.recoveries),
        **figures,
    )


def _wait_states(board: LeasedBoard) -> int | None:
    """Flash wait states of a virtual board; a real one's are not asked for."""
    if not board.virtual:
        return None
    given = board.unit.wait_states
    return board.kind.flash.wait_states if given is None else given
