"""Measurements as pandas frames and CSV files, typed alike."""

import json
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.errors import InputError, StoreError
from harness.store.measurements import COLUMNS, Measurement

if TYPE_CHECKING:
    import pandas as pd

_NULLABLE = {int: "Int64", float: "Float64", bool: "boolean", str: "string"}
_TIME = "created_utc"
_TIME_DTYPE: Final = "datetime64[ms, UTC]"


def dtypes() -> dict[str, str]:
    """Column -> pandas dtype of a frame.

    Whole numbers are `Int64`, others `Float64`, truth values `boolean`, texts `string`, all nullable;
    `created_utc` is `datetime64[ms, UTC]`. `windows_us` and `windows_uj` are a `string` holding a JSON list.
    """
    hints = typing.get_type_hints(Measurement)
    found = {name: _dtype(hints[name]) for name in COLUMNS}
    found[_TIME] = _TIME_DTYPE
    return found


def frame(rows: Sequence[Measurement]) -> "pd.DataFrame":
    """The rows, one column a field, in the order of `COLUMNS`.

    Texts are such as CSV can carry: an empty one is a missing value, lines end with LF.
    """
    import pandas as pd

    columns = {}
    for name, dtype in dtypes().items():
        values = [_plain(getattr(row, name)) for row in rows]
        if name == _TIME:
            columns[name] = pd.to_datetime(pd.Series(values, dtype="str"), utc=True).astype(_TIME_DTYPE)
        else:
            columns[name] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(columns)


def write_csv(table: "pd.DataFrame", path: Path) -> Path:
    """Write a frame as CSV (UTF-8, comma, header); numbers keep every bit.

    Raises:
        InputError: The folder cannot be written to.
    """
    try:
        table.to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%S.%f%z")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    return path


def read_csv(path: Path) -> "pd.DataFrame":
    """A frame from a CSV written by `write_csv`, equal to the one that was written.

    Raises:
        InputError: The file cannot be read.
        StoreError: It is no such CSV.
    """
    import pandas as pd

    # pandas' own reading of floats is not exact in all versions, so they come in as text.
    kinds = dtypes()
    floats = [name for name, dtype in kinds.items() if dtype == "Float64"]
    texts = dict.fromkeys([_TIME, *floats], "str")
    try:
        # Only an empty field is missing: a board may be called "NA".
        table = pd.read_csv(path, dtype={**kinds, **texts}, keep_default_na=False, na_values=[""])
        table[_TIME] = pd.to_datetime(table[_TIME], utc=True).astype(_TIME_DTYPE)
        for name in floats:
            values = [float(text) if isinstance(text, str) else None for text in table[name]]
            table[name] = pd.Series(values, dtype="Float64")
        return table[list(COLUMNS)]
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except (KeyError, ValueError) as error:
        raise StoreError(f"{path} is not a table of measurements: {error}") from error


def _dtype(hint: object) -> str:
    """Pandas dtype of a field's type, of which None and literals are looked through."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for option in options:
        if option in _NULLABLE:
            return _NULLABLE[typing.cast(type, option)]
    return "string"


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return json.dumps(list(value))
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n") or None
    return value
