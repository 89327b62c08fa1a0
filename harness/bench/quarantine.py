"""Boards that failed every attempt to mend them: set aside, with reason and date, until a person lifts it."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from filelock import FileLock

from harness.config.paths import ensure_writable, state_dir
from harness.errors import InputError, QuarantinedError


@dataclass(frozen=True)
class Quarantine:
    """One board that is set aside.

    Attributes:
        unit: Its name in the bench file.
        reason: What failed last.
        since: Date and time, local.
    """

    unit: str
    reason: str
    since: str


def quarantined() -> list[Quarantine]:
    """All boards that are set aside, by name.

    Raises:
        InputError: The file of them is damaged.
    """
    path = state_dir() / "quarantine.json"
    try:
        return [Quarantine(**row) for row in json.loads(path.read_text())]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"cannot read {path} ({error}); delete it to lift every quarantine") from error


def set_aside(unit: str, reason: str) -> None:
    """Put a board into quarantine; one that is in it already keeps its date."""
    _change(lambda rows: rows if any(row.unit == unit for row in rows) else [*rows, _entry(unit, reason)])


def lift(unit: str) -> None:
    """Let a board be used again.

    Raises:
        InputError: It is not in quarantine.
    """
    if all(row.unit != unit for row in quarantined()):
        raise InputError(f"{unit!r} is not in quarantine; `harness boards quarantine list` shows which are")
    _change(lambda rows: [row for row in rows if row.unit != unit])


def refuse_quarantined(unit: str) -> None:
    """Let only boards pass that are not set aside.

    Raises:
        QuarantinedError: It is; the message gives reason, date and the command that lifts it.
    """
    for row in quarantined():
        if row.unit == unit:
            raise QuarantinedError(
                unit,
                f"in quarantine since {row.since} ({row.reason}); see `harness boards doctor {unit}`, "
                f"then `harness boards quarantine lift {unit}`",
            )


def _entry(unit: str, reason: str) -> Quarantine:
    return Quarantine(unit, reason, time.strftime("%Y-%m-%d %H:%M:%S"))


def _change(edit: Callable[[list[Quarantine]], list[Quarantine]]) -> None:
    folder = ensure_writable(state_dir())
    with FileLock(folder / "quarantine.lock"):
        rows = sorted(edit(quarantined()), key=lambda row: row.unit)
        draft = folder / "quarantine.new"
        draft.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
        draft.replace(folder / "quarantine.json")
