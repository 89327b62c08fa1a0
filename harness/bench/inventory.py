"""The boards on the user's bench, read from bench.toml.

::

    [desk-nrf52]
    kind = "nrf52840-dk"
    probe = "683377322"                                             # as `pyocd list` shows it
    port = "/dev/serial/by-id/usb-SEGGER_J-Link_000683377322-if00"
    baud = 115200                                                   # optional
    power = "uhubctl -l 1-1 -p 2 -a cycle"                          # optional: command that switches it off and on
    meter = "lpm01a:/dev/serial/by-id/usb-STM_PowerShield-if00"     # optional
    mass_erase = true                                               # optional: may all of its flash be erased?

    [shaky]                                                         # a virtual board with faults
    kind = "nrf52840-dk"
    virtual = true
    faults = { drop = 0.001, seed = 3 }

One row holds probe and port of the same board, so that no board is flashed while another is listened to. Without a
file there are the virtual boards, `virtual:<kind>`, with settings as in `virtual:nrf52840-dk?drop=0.001&wait_states=0`.
"""

import difflib
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.bench.unit import Text, Unit
from harness.config.faults import Faults, read_faults, split_query
from harness.config.kinds import BoardKind, describe_validation, kind_names, load_kind
from harness.config.paths import bench_file
from harness.errors import InputError

_VIRTUAL = "virtual:"


class _Row(BaseModel):
    """A row of bench.toml."""

    model_config = ConfigDict(extra="forbid")

    kind: Text
    probe: Text
    port: Text
    baud: int | None = Field(default=None, gt=0)
    power: Text | None = None
    meter: Text | None = None
    mass_erase: bool = False
    virtual: bool = False


class _VirtualRow(BaseModel):
    """A row of bench.toml for a virtual board that is started when it is needed."""

    model_config = ConfigDict(extra="forbid")

    kind: Text
    virtual: Literal[True]
    wait_states: int | None = Field(default=None, ge=0)
    faults: dict[str, Any] = {}


def load_bench(path: Path | None = None) -> dict[str, Unit]:
    """All units of the bench file, by name; none when there is no such file.

    Args:
        path: The file, if not the user's own.

    Raises:
        InputError: The file is not TOML, or a key is unknown, missing, empty or used twice; file, key
            and value are named.
    """
    path = path or bench_file()
    try:
        content = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not valid TOML: {error}") from error
    units = {name: _unit(path, name, row) for name, row in content.items()}
    for key in ("probe", "port"):
        _check_distinct(path, units, key)
    return units


def _unit(path: Path, name: str, row: object) -> Unit:
    if not isinstance(row, dict):
        raise InputError(f"{path}: key {name!r} with value {row!r}: a board is a table, [{name}]")
    if name.startswith(_VIRTUAL):
        raise InputError(f"{path}: key {name!r}: names that begin with {_VIRTUAL!r} are taken")
    shape = _VirtualRow if row.get("virtual") is True and not {"probe", "port"} & set(row) else _Row
    try:
        checked = shape(**row)
    except ValidationError as error:
        raise InputError(f"{path}: board {name!r}: {describe_validation(error)}") from error
    if checked.kind not in kind_names():
        raise InputError(
            f"{path}: board {name!r}: key 'kind' with value {checked.kind!r}: "
            f"{_hint(checked.kind, kind_names(), 'known kinds')}"
        )
    kind = load_kind(checked.kind)
    if kind.virtual_only and not checked.virtual:
        raise InputError(
            f"{path}: board {name!r}: key 'kind' with value {checked.kind!r}: there is no real board of this "
            f"kind; measure on {_VIRTUAL}{checked.kind}"
        )
    if checked.virtual:
        _check_twin(kind)
    fields = checked.model_dump()
    if "faults" in fields:
        fields["faults"] = _faults(fields["faults"], f"{path}: board {name!r}")
    return Unit(name=name, **fields)


def _faults(fields: dict[str, Any], where: str) -> Faults:
    faults = read_faults(fields, where)
    if faults.wrong_chip is not None:
        _check_twin(load_kind(faults.wrong_chip))
    return faults


def _check_twin(kind: BoardKind) -> None:
    if not kind.virtual:
        raise InputError(f"there is no virtual board of kind {kind.name!r}; a real one is needed")


def _check_distinct(path: Path, units: dict[str, Unit], key: str) -> None:
    owners: dict[str, str] = {}
    for unit in units.values():
        value = getattr(unit, key)
        if not value:
            continue  # a virtual board
        if value in owners:
            raise InputError(
                f"{path}: boards {owners[value]!r} and {unit.name!r}: key {key!r} with value {value!r} "
                "is used twice; each board has its own"
            )
        owners[value] = unit.name


def resolve(board: str) -> Unit:
    """The unit that `board` names: one of the bench file, or `virtual:<kind>`.

    Raises:
        InputError: There is none; the message gives the nearest name.
    """
    units = load_bench()
    if board in units:
        return units[board]
    if board.startswith(_VIRTUAL):
        return _from_url(board)
    known = [*units, *virtual_names()]
    raise InputError(f"unknown board {board!r}; {_hint(board, known, 'known boards')}")


def virtual_names() -> list[str]:
    """Names of all virtual boards."""
    return [_VIRTUAL + name for name in kind_names() if load_kind(name).virtual]


def _from_url(board: str) -> Unit:
    """`virtual:<kind>?<settings>`, the settings being faults and `wait_states`."""
    name, _, query = board.removeprefix(_VIRTUAL).partition("?")
    kind = load_kind(name)  # its error has the hint
    _check_twin(kind)
    fields = split_query(query, board)
    wait_states = fields.pop("wait_states", None)
    if wait_states is not None and not wait_states.isdecimal():
        raise InputError(f"{board}: wait_states={wait_states!r} is no number of wait states; give 0 or more")
    return Unit(
        name=board,
        kind=kind.name,
        virtual=True,
        wait_states=None if wait_states is None else int(wait_states),
        faults=_faults(fields, board),
    )


def _hint(given: str, known: list[str], what: str) -> str:
    near = difflib.get_close_matches(given, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"{what}: {', '.join(known)}"
