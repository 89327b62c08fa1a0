"""The boards on the user's bench, read from bench.toml.

::

    [desk-nrf52]
    kind = "nrf52840-dk"
    probe = "683377322"                                             # as `pyocd list` shows it
    port = "/dev/serial/by-id/usb-SEGGER_J-Link_000683377322-if00"
    baud = 115200                                                   # optional
    power = "usb-hub 1-1.2"                                         # optional

One row holds probe and port of the same board, so that no board is flashed while another is listened to.
"""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from harness.config.kinds import BoardKind, describe_validation, kind_names, load_kind
from harness.config.paths import bench_file
from harness.errors import InputError

_VIRTUAL = "virtual:"
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Unit(BaseModel):
    """One specimen of a kind.

    Attributes:
        name: What the user calls it.
        kind: Name of its kind.
        probe: Unique id of its debug probe; empty for a virtual board, whose probe appears with it.
        port: Its serial port; empty for a virtual board.
        baud: Speed of the serial line, if it is not the kind's.
        power: Switch that turns it off and on, if any.
        virtual: Whether it is emulated.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: _Text
    probe: str = ""
    port: str = ""
    baud: int | None = Field(default=None, gt=0)
    power: _Text | None = None
    virtual: bool = False


class _Row(BaseModel):
    """A row of bench.toml."""

    model_config = ConfigDict(extra="forbid")

    kind: _Text
    probe: _Text
    port: _Text
    baud: int | None = Field(default=None, gt=0)
    power: _Text | None = None


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
    try:
        checked = _Row(**row)
    except ValidationError as error:
        raise InputError(f"{path}: board {name!r}: {describe_validation(error)}") from error
    if checked.kind not in kind_names():
        raise InputError(
            f"{path}: board {name!r}: key 'kind' with value {checked.kind!r}: "
            f"{_hint(checked.kind, kind_names(), 'known kinds')}"
        )
    if load_kind(checked.kind).virtual_only:
        raise InputError(
            f"{path}: board {name!r}: key 'kind' with value {checked.kind!r}: there is no real board of this "
            f"kind; measure on {_VIRTUAL}{checked.kind}"
        )
    return Unit(name=name, **checked.model_dump())


def _check_distinct(path: Path, units: dict[str, Unit], key: str) -> None:
    owners: dict[str, str] = {}
    for unit in units.values():
        value = getattr(unit, key)
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
        kind = load_kind(board.removeprefix(_VIRTUAL))  # its error has the hint
        if not kind.virtual:
            raise InputError(f"there is no virtual board of kind {kind.name!r}; a real one is needed")
        return virtual_unit(kind)
    known = [*units, *virtual_names()]
    raise InputError(f"unknown board {board!r}; {_hint(board, known, 'known boards')}")


def virtual_names() -> list[str]:
    """Names of all virtual boards."""
    return [_VIRTUAL + name for name in kind_names() if load_kind(name).virtual]


def virtual_unit(kind: BoardKind) -> Unit:
    """The virtual board of a kind."""
    return Unit(name=_VIRTUAL + kind.name, kind=kind.name, virtual=True)


def _hint(given: str, known: list[str], what: str) -> str:
    near = difflib.get_close_matches(given, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"{what}: {', '.join(known)}"
