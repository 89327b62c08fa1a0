"""Rows of the store as tables that also fit a narrow terminal."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TypeVar

from rich.table import Table
from rich.text import Text

from harness.store import Measurement
from harness.store.difference import Difference
from harness.units import format_kib, format_percent, format_us

_T = TypeVar("_T")

# Column, its text, and how wide a terminal must be for it.
_COLUMNS: list[tuple[str, Callable[[Measurement], str], int]] = [
    ("row", lambda row: str(row.id), 0),
    ("measured (UTC)", lambda row: row.created_utc[:16].replace("T", " "), 100),
    ("board", lambda row: row.board, 0),
    ("model", lambda row: row.model_name, 0),
    ("mode", lambda row: row.mode, 120),
    ("latency", lambda row: _text(row.latency_us, format_us), 0),
    ("accuracy", lambda row: _text(row.accuracy, format_percent), 0),
    ("flash", lambda row: _text(row.flash_bytes, format_kib), 80),
    ("RAM", lambda row: _text(row.ram_bytes, format_kib), 80),
    ("state", lambda row: _state(row), 0),
]
_FIGURES = ("row", "latency", "accuracy", "flash", "RAM")


def list_table(rows: Sequence[Measurement], width: int) -> Table:
    """A row each, with as many columns as `width` characters hold."""
    chosen = [(name, text) for name, text, least in _COLUMNS if width >= least]
    table = Table(box=None, pad_edge=False)
    for name, _ in chosen:
        figure = name in _FIGURES
        table.add_column(name, justify="right" if figure else "left", no_wrap=figure, overflow="fold")
    for row in rows:
        table.add_row(*(Text(text(row)) for _, text in chosen))
    return table


def show_table(row: Measurement) -> Table:
    """Every column of a row that holds something."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in asdict(row).items():
        if value is not None and value != ():
            text = ", ".join(f"{item:g}" for item in value) if isinstance(value, tuple) else str(value)
            table.add_row(name, Text(text))
    return table


def compare_table(found: Sequence[Difference], first: int, second: int) -> Table:
    """A line for each column that differs."""
    table = Table("column", f"row {first}", f"row {second}", "change", box=None, pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    for item in found:
        change = "" if item.change_percent is None else f"{item.change_percent:+.2f} %"
        table.add_row(item.column, Text(_short(item.first)), Text(_short(item.second)), change)
    return table


def _short(value: object) -> str:
    """A value as text; of a hash its beginning."""
    if value is None:
        return "-"
    text = str(value)
    return text[:12] if len(text) == 64 and text.isalnum() else text


def _text(value: _T | None, form: Callable[[_T], str]) -> str:
    return "" if value is None else form(value)


def _state(row: Measurement) -> str:
    if row.status == "failed":
        return f"failed: {(row.failure or '').partition(':')[0]}"
    return "does not fit" if row.fits is False else "ok"
