"""What a core may be doing, and the numbers by which debuggers and handlers know it."""

from dataclasses import dataclass
from enum import Enum

# Bits of DHCSR.
C_DEBUGEN, C_HALT, C_STEP = 1, 2, 4
HARD_FAULT = 3
"""Number of the exception; no other is modelled."""


class State(Enum):
    """What the core does."""

    RUNNING = "running"
    HALTED = "halted"
    LOCKUP = "lockup"
    IN_RESET = "in reset"


@dataclass(frozen=True)
class Fault:
    """A fault that the core took: where, and why in words."""

    pc: int
    lr: int
    reason: str
