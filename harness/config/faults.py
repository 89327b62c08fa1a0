"""Faults put into a virtual board on purpose: which there are, and the one way to write them down.

As a query (`virtual:nrf52840-dk?drop=0.001&hang_after=30`, `harness boards serve --faults ...`) or as a table of the
bench file (`[shaky.faults]`) with the same names.
"""

import difflib
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from harness.errors import InputError

_Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Faults(BaseModel):
    """What is wrong with one virtual board. All choices by chance follow `seed`.

    Attributes:
        drop: Share of the line's bytes that are lost.
        corrupt: Share of the line's bytes that arrive with one bit flipped.
        duplicate: Share of the line's bytes that arrive twice.
        delay: Share of the bytes to the host that come late.
        delay_ms: How late, milliseconds.
        direction: Which bytes `drop`, `corrupt` and `duplicate` meet.
        hang_after: Commands after which the program says nothing more until a reset.
        hang_after_s: Seconds of the board's time after which it does so.
        reboot: Share of the commands at which the board resets itself.
        brownout: Flash words after which the supply fails while flashing: the chip resets, its RAM is lost.
        stuck: Address of a flash word whose lowest bit cannot be programmed to 1.
        stale_after: Flashings after which a new program is accepted and gone again with the next reset.
        wrong_chip: Kind of the chip that is really there.
        wrong_mode: Whether the program announces energy mode.
        dead_timer: Whether the chip's timers and its cycle counter stand still.
        probe_absent_s: Seconds that the probe is not to be found: from the start, or after `probe_lost_after`.
        probe_busy: How many times the probe refuses to be opened.
        probe_lost_after: Requests to the probe after which its connection breaks.
        times: How often `hang_after`, `hang_after_s`, `reboot`, `brownout` and `probe_lost_after` strike in all;
            None for again and again.
        seed: Of all that is left to chance.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    drop: _Share = 0.0
    corrupt: _Share = 0.0
    duplicate: _Share = 0.0
    delay: _Share = 0.0
    delay_ms: float = Field(default=50.0, ge=0.0)
    direction: Literal["both", "to-host", "to-board"] = "both"
    hang_after: int | None = Field(default=None, ge=0)
    hang_after_s: float | None = Field(default=None, ge=0.0)
    reboot: _Share = 0.0
    brownout: int | None = Field(default=None, ge=1)
    stuck: int | None = Field(default=None, ge=0, lt=1 << 32)
    stale_after: int | None = Field(default=None, ge=0)
    wrong_chip: str | None = None
    wrong_mode: bool = False
    dead_timer: bool = False
    probe_absent_s: float = Field(default=0.0, ge=0.0)
    probe_busy: int = Field(default=0, ge=0)
    probe_lost_after: int | None = Field(default=None, ge=1)
    times: int | None = Field(default=None, ge=1)
    seed: int = 0

    @field_validator("stuck", mode="before")
    @classmethod
    def _address(cls, value: Any) -> Any:
        return int(value, 0) if isinstance(value, str) else value

    @property
    def query(self) -> str:
        """As `parse_faults` reads it: what differs from a sound board."""
        return urlencode(self.model_dump(exclude_defaults=True))


def read_faults(fields: dict[str, Any], where: str) -> Faults:
    """Check a table of faults.

    Args:
        fields: Name -> value; a value may be given as text.
        where: What the table belongs to, for messages.

    Raises:
        InputError: A name is unknown or a value is out of range; the message says which.
    """
    for name in fields:
        if name not in Faults.model_fields:
            near = difflib.get_close_matches(name, Faults.model_fields, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(Faults.model_fields)}"
            raise InputError(f"{where}: unknown fault {name!r}; {hint}")
    try:
        return Faults(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        raise InputError(
            f"{where}: fault {first['loc'][0]!r} with value {first['input']!r}: {message}"
        ) from error


def split_query(query: str, where: str) -> dict[str, str]:
    """`a=1&b=2` as a table.

    Raises:
        InputError: It is not of that form, or a name comes twice.
    """
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        raise InputError(f"{where}: {query!r} is not of the form name=value&name=value") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        twice = next(name for name, _ in pairs if [given for given, _ in pairs].count(name) > 1)
        raise InputError(f"{where}: {twice!r} is given twice")
    return fields


def parse_faults(query: str, where: str) -> Faults:
    """Faults written as a query.

    Raises:
        InputError: As `split_query` and `read_faults` do.
    """
    return read_faults(split_query(query, where), where)
