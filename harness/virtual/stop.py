"""Why a run of the emulated core ended."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Stop:
    """Why a run ended.

    Attributes:
        kind: `requested` by another thread, at a `breakpoint` address, at a `bkpt` instruction, after a
            single `step`, to `sleep` until an event, or by a `fault`; `model` is a fault of the
            emulation: something that it does not know.
        reason: For faults, what happened, in words.
        cfsr: Fault status bits.
        address: Faulting data address.
    """

    kind: Literal["requested", "breakpoint", "bkpt", "step", "sleep", "fault", "model"]
    reason: str = ""
    cfsr: int = 0
    address: int | None = None
