"""What is tried, one step after the other, when a board's probe or flash fails, before the board is given up."""

import logging
import shlex
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from harness.bench.quarantine import set_aside
from harness.bench.unit import Unit
from harness.errors import BoardError, FlashError, ProbeError

SLOW_HZ = 100_000
"""SWD clock that works on long or bad wires; pyOCD's own is 1 MHz."""

PROBE_WAIT_S = 10.0
"""How long a probe may take to come back after a power cycle or a USB fault."""

_POWER_S = 60.0
_LOG = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class RecoveryStep:
    """One step of a recovery.

    Attributes:
        doing: What had failed: `connecting`, `flashing`, ...
        step: What was tried, one of `STEPS`.
        helped: Whether it worked afterwards.
        detail: What failed then; empty where it helped.
        seconds: What the step and the attempt after it took.
    """

    doing: str
    step: str
    helped: bool
    detail: str
    seconds: float


class Mendable(Protocol):
    """What the steps need of a board."""

    unit: Unit
    recoveries: list[RecoveryStep]

    def reconnect(self, *, under_reset: bool = False, frequency_hz: int | None = None) -> None:
        """Open a new session with the probe."""

    def mass_erase(self) -> None:
        """Erase all of the chip's flash."""

    def probe_is_there(self) -> bool:
        """Whether the probe is among those connected."""


def _new_session(board: Mendable) -> None:
    board.reconnect()


def _under_reset(board: Mendable) -> None:
    board.reconnect(under_reset=True)


def _slow_clock(board: Mendable) -> None:
    board.reconnect(frequency_hz=SLOW_HZ)


def _mass_erase(board: Mendable) -> None:
    board.reconnect(under_reset=True)
    board.mass_erase()


def _power_cycle(board: Mendable) -> None:
    assert board.unit.power is not None
    name, command = board.unit.name, shlex.split(board.unit.power)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_POWER_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProbeError(name, f"the power command {board.unit.power!r} failed: {error}") from error
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise ProbeError(
            name,
            f"the power command {board.unit.power!r} ended with code {done.returncode}"
            + (f": {words[-1]}" if words else ""),
        )
    _await_probe(board)


def _await_probe(board: Mendable) -> None:
    deadline = time.monotonic() + PROBE_WAIT_S
    while not board.probe_is_there():
        if time.monotonic() > deadline:
            raise ProbeError(board.unit.name, f"the probe has not come back within {PROBE_WAIT_S:g} s")
        time.sleep(0.1)
    board.reconnect()


_STEPS: dict[str, Callable[[Mendable], None]] = {
    "new session": _new_session,
    "connect under reset": _under_reset,
    "slower SWD clock": _slow_clock,
    "mass erase": _mass_erase,
    "power cycle": _power_cycle,
    "wait for the probe": _await_probe,
}
STEPS = tuple(_STEPS)
"""All steps, in their order."""

GENTLE = ("new session", "slower SWD clock", "wait for the probe")
"""Those that let the program run on."""


def recover(
    board: Mendable,
    doing: str,
    action: Callable[[], T],
    steps: Iterable[str] = STEPS,
    on_step: Callable[[RecoveryStep], None] = lambda step: None,
) -> T:
    """Do `action`; where the probe or the flash fails, mend the board step by step and do it again.

    A board of the bench that no step has helped goes into quarantine.

    Args:
        board: The board.
        doing: What `action` does, in one word.
        action: To be done from its beginning at every attempt.
        steps: Which steps may be taken.
        on_step: Told of each step.

    Raises:
        ProbeError: The probe still fails after the last step.
        FlashError: Programming or verifying does.
    """
    try:
        return action()
    except (ProbeError, FlashError) as error:
        failure: BoardError = error
    for step in steps:
        if not _allowed(board.unit, step, doing):
            continue
        start = time.monotonic()
        try:
            _STEPS[step](board)
            result = action()
        except (ProbeError, FlashError) as error:
            # The first failure says most, but what the flash says more than that of a probe.
            if isinstance(error, FlashError) and not isinstance(failure, FlashError):
                failure = error
            _note(board, RecoveryStep(doing, step, False, str(error), time.monotonic() - start), on_step)
            continue
        _note(board, RecoveryStep(doing, step, True, "", time.monotonic() - start), on_step)
        return result
    if board.unit.standing:
        set_aside(board.unit.name, str(failure).removeprefix(f"{board.unit.name}: "))
    raise failure


def _allowed(unit: Unit, step: str, doing: str) -> bool:
    if step == "mass erase":
        return doing == "flashing" and (unit.mass_erase or not unit.standing)
    return step != "power cycle" or unit.power is not None


def _note(board: Mendable, step: RecoveryStep, on_step: Callable[[RecoveryStep], None]) -> None:
    board.recoveries.append(step)
    _LOG.info("%s: %s: %s %s", board.unit.name, step.doing, step.step, step.detail or "helped")
    on_step(step)
