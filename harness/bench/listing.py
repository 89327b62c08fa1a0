"""All boards that can be named, and whether they are there."""

import os
from dataclasses import dataclass

from harness.bench.inventory import load_bench, virtual_names
from harness.bench.lease import holder_of
from harness.bench.probe import connected_probes
from harness.bench.quarantine import quarantined
from harness.bench.unit import Unit
from harness.config.kinds import NO_CHIP, load_kind


@dataclass(frozen=True)
class BoardRow:
    """One board.

    Attributes:
        name: What to call it in a command.
        kind: Its kind.
        virtual: Whether it is emulated.
        probe: Unique id of its probe; `None` for a virtual board, whose probe appears with it.
        port: Its serial port; likewise.
        state: `ready`, `in use by ...`, `in quarantine since ...`, `no probe`, `no port`, or `emulated`
            (with `no real chip` where nothing real has this kind).
    """

    name: str
    kind: str
    virtual: bool
    probe: str | None
    port: str | None
    state: str


def list_boards() -> list[BoardRow]:
    """Units of the bench file, with what is seen of them now, and the virtual boards.

    Raises:
        InputError: The bench file is wrong.
    """
    units = load_bench().values()
    seen = set(connected_probes()) if any(unit.standing for unit in units) else set()
    aside = {row.unit: row for row in quarantined()}
    rows = [
        BoardRow(
            unit.name,
            unit.kind,
            unit.virtual,
            unit.probe or None,
            unit.port or None,
            f"in quarantine since {aside[unit.name].since}" if unit.name in aside else _state(unit, seen),
        )
        for unit in units
    ]
    for name in virtual_names():
        kind = load_kind(name.partition(":")[2])
        state = f"emulated; {NO_CHIP}" if kind.virtual_only else "emulated"
        rows.append(BoardRow(name, kind.name, True, None, None, state))
    return rows


def _state(unit: Unit, seen: set[str]) -> str:
    if not unit.standing:
        return "emulated"
    holder = holder_of(unit)
    if holder:
        return f"in use by {holder}"
    if unit.probe not in seen:
        return "no probe"
    return "ready" if os.path.exists(unit.port) else "no port"
