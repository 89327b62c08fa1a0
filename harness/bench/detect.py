"""What is on the desk, as rows for the bench file."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import tomlkit

from harness.bench.inventory import load_bench
from harness.bench.lease import holder_of
from harness.bench.unit import Unit
from harness.bench.usb import SeenProbe, seen_probes
from harness.config.kinds import kind_names, load_kind
from harness.config.paths import ensure_writable
from harness.errors import InputError

AskName = Callable[[str, int], str | None]
"""Asks the device on a port, at a speed in bits a second, for its name; None where nobody answers."""


@dataclass(frozen=True)
class Detected:
    """One board that is there now.

    Attributes:
        name: Of its row: that of the bench file, or a proposed one.
        kind: Its kind; None where it cannot be told.
        probe: Unique id of its probe.
        port: Its serial port; None where none belongs to the probe.
        meter: The power meter in its supply: that of the bench file, or a virtual board's; None where none is known.
        virtual: Whether it is emulated.
        answered: What the device on the port calls itself; None where it does not answer.
        known: Whether the bench file has it.
        remark: What is to be done by hand; empty where nothing is.
    """

    name: str
    kind: str | None
    probe: str
    port: str | None
    meter: str | None
    virtual: bool
    answered: str | None
    known: bool
    remark: str


def detect_boards(ask_name: AskName) -> list[Detected]:
    """Every board with a probe that is connected now.

    Args:
        ask_name: How to ask the device on a port what it is.

    Raises:
        InputError: The bench file is wrong.
    """
    units = load_bench()
    by_probe = {unit.probe: unit for unit in units.values() if unit.standing}
    taken = set(units)
    found = []
    for seen in seen_probes():
        unit = by_probe.get(seen.unique_id)
        board = _known(seen, unit, ask_name) if unit else _new(seen, taken, ask_name)
        taken.add(board.name)
        found.append(board)
    return found


def _known(seen: SeenProbe, unit: Unit, ask_name: AskName) -> Detected:
    moved = [
        f"its {what} is {now} and not {before}; correct the bench file"
        for what, now, before in (("port", seen.port, unit.port), ("meter", seen.meter, unit.meter))
        if now is not None and before is not None and now != before
    ]
    answered = None if holder_of(unit) else ask_name(unit.port, unit.baud or load_kind(unit.kind).uart.baud)
    meter = unit.meter or seen.meter
    remark = "; ".join(moved)
    return Detected(unit.name, unit.kind, unit.probe, unit.port, meter, unit.virtual, answered, True, remark)


def _new(seen: SeenProbe, taken: Iterable[str], ask_name: AskName) -> Detected:
    fitting = [seen.kind] if seen.kind else _kinds_with(seen.target)
    answered = None
    if seen.port is not None:
        bauds = dict.fromkeys(load_kind(name).uart.baud for name in fitting or kind_names())
        answered = next(filter(None, (ask_name(seen.port, baud) for baud in bauds)), None)
    kind = answered if answered in kind_names() else next(iter(fitting), None)
    remarks = []
    if kind is None:
        remarks.append("its kind cannot be told; add the row by hand")
    elif len(fitting) > 1 and answered not in fitting:
        remarks.append(f"of kind {' or '.join(fitting)}; correct the row")
    if seen.port is None:
        remarks.append("no serial port has the probe's serial number; add the row by hand")
    number = 1
    while (name := f"{kind or 'board'}-{number}") in taken:
        number += 1
    remark = "; ".join(remarks)
    return Detected(name, kind, seen.unique_id, seen.port, seen.meter, seen.virtual, answered, False, remark)


def _kinds_with(target: str | None) -> list[str]:
    kinds = (load_kind(name) for name in kind_names())
    return [kind.name for kind in kinds if kind.pyocd_target == target and not kind.virtual_only]


def add_rows(path: Path, boards: Iterable[Detected]) -> list[str]:
    """Add a row for each board that the bench file does not have; what is in it stays, comments too.

    Args:
        path: The bench file; made where there is none.
        boards: As `detect_boards` found them.

    Returns:
        Names of the rows that were added.

    Raises:
        InputError: The file cannot be written.
    """
    new = [board for board in boards if not board.known and board.kind and board.port]
    if not new:
        return []
    ensure_writable(path.parent)
    document = tomlkit.parse(path.read_text()) if path.exists() else tomlkit.document()
    for board in new:
        row = tomlkit.table()
        row.update({"kind": board.kind, "probe": board.probe, "port": board.port})
        if board.meter:
            row["meter"] = board.meter
        if board.virtual:
            row["virtual"] = True
        document[board.name] = row
    draft = path.with_suffix(".new")
    try:
        draft.write_text(tomlkit.dumps(document))
        load_bench(draft)
        draft.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error
    return [board.name for board in new]
