"""A study as one HTML file that needs nothing else: charts, table and provenance."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from harness.errors import InputError
from harness.measure import LayerProfile
from harness.report import words
from harness.report.bundle import chart_script
from harness.report.layer_bars import layer_bars
from harness.report.memory_bars import memory_bars
from harness.report.trade_off import trade_off
from harness.report.views import BoardView, board_views, limits_of
from harness.store import Store, Study
from harness.units import format_kib

_TEMPLATES = Path(__file__).parent / "templates"


def write_report(store: Store, study: str, path: Path) -> Path:
    """Write the report of a study.

    Args:
        store: Where it is.
        study: Its name.
        path: The HTML file to write; replaced at once, so that a browser never sees half of it.

    Raises:
        InputError: There is no such study, or the file cannot be written.
        StoreError: The store cannot be read.
    """
    found = store.study(study)
    boards = board_views(store, found)
    page = render(found, boards, [charts(store, found, board) for board in boards])
    _replace(path, page)
    return path


def charts(store: Store, study: Study, board: BoardView) -> dict[str, dict[str, Any]]:
    """The charts of a board by name, as Vega-Lite specifications without a width; those without data left out.

    Raises:
        StoreError: The store cannot be read.
    """
    specs = {
        "tradeoff": trade_off(board, study),
        "flash": memory_bars(board, study, "flash"),
        "ram": memory_bars(board, study, "ram"),
        "layers": layer_bars(_profiles(store, board)),
    }
    return {name: spec for name, spec in specs.items() if spec is not None}


def _profiles(store: Store, board: BoardView) -> list[tuple[str, LayerProfile, int]]:
    """The measured layers of the chosen and of the unpruned model."""
    found = []
    for view in dict.fromkeys((board.chosen, board.unpruned)):
        row = view.layers if view else None
        if view and row and row.layers_sha256 and row.clock_hz:
            profile = LayerProfile.from_json(json.loads(store.artifacts.read(row.layers_sha256)))
            found.append((view.name, profile, row.clock_hz))
    return found


def render(study: Study, boards: list[BoardView], drawn: list[dict[str, dict[str, Any]]]) -> str:
    """The page as text; `drawn` holds the charts of each board."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(words=words)
    return environment.get_template("report.html.j2").render(
        study=study,
        asked=_asked(study, boards),
        boards=[_section(board, specs) for board, specs in zip(boards, drawn, strict=True)],
        created=study.created_utc[:16].replace("T", " "),
        style=Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8")),
        script=Markup((_TEMPLATES / "report.js").read_text(encoding="utf-8")),
        chart_script=Markup(chart_script()),
    )


def _asked(study: Study, boards: list[BoardView]) -> str:
    on = words.listed([board.name for board in boards]) if boards else "no board yet"
    decision = next((board.decision for board in boards if board.decision), None)
    phrases = words.limit_phrases(limits_of(study, decision))
    limits = f", with {words.listed(phrases)}" if phrases else ", with no limits"
    return f"Asked for the depth cut of {study.task} to run on {on}{limits}."


def _section(board: BoardView, specs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What the template shows of a board."""
    return {
        "view": board,
        "charts": specs,
        "sentence": _sentence(board),
        "coverage": _coverage(board),
        "tiles": _tiles(board),
        "provenance": _provenance(board),
        "failures": [row for row in board.rows if row.status == "failed"],
        "memory": {
            "flash": None if board.flash_bytes is None else format_kib(board.flash_bytes),
            "ram": None if board.ram_bytes is None else format_kib(board.ram_bytes),
        },
    }


def _sentence(board: BoardView) -> str:
    if board.decision:
        return board.decision.sentence
    if not board.rows:
        return f"Nothing has been measured on {board.name} yet."
    return f"No choice has been made on {board.name} yet."


def _coverage(board: BoardView) -> str:
    measured = sum(view.latency_us is not None for view in board.candidates)
    unfit = sum(not view.fits for view in board.candidates)
    failed = sum(view.failure is not None for view in board.candidates)
    parts = [f"{measured} of {len(board.candidates)} candidates measured"]
    if unfit:
        parts.append(f"{unfit} too large for the board")
    if failed:
        parts.append(f"{failed} not measured because the bench failed")
    return ", ".join(parts)


def _tiles(board: BoardView) -> list[dict[str, str]]:
    """The chosen candidate's figures, each beside the unpruned model's."""
    chosen, base = board.chosen, board.unpruned
    if chosen is None:
        return []
    other = base if base is not None and base is not chosen else None
    tiles = [{"name": "latency", "value": words.latency(chosen), "note": ""}]
    if other and other.latency_us and chosen.latency_us:
        speed = other.latency_us / chosen.latency_us
        tiles[0]["note"] = f"{speed:.2f} times as fast as unpruned ({words.latency(other)})"
    tiles.append({"name": "accuracy", "value": words.accuracy(chosen), "note": ""})
    if other and other.accuracy and chosen.accuracy:
        change = ((chosen.accuracy.accuracy or 0) - (other.accuracy.accuracy or 0)) * 100
        points = f"{change:+.2f}".replace("-", "\N{MINUS SIGN}")
        tiles[1]["note"] = f"{points} points against unpruned ({words.accuracy(other)})"
    for memory, name in (("flash", "flash"), ("ram", "RAM")):
        mine, its = chosen.size_bytes(memory), other.size_bytes(memory) if other else None
        note = f"{mine / its:.0%} of unpruned ({words.size(other, memory)})" if other and mine and its else ""
        tiles.append({"name": name, "value": words.size(chosen, memory), "note": note})
    return tiles


def _provenance(board: BoardView) -> list[tuple[str, str]]:
    """What all figures of a board rest on; several values where they differ between rows."""
    rows = board.rows
    clocks = [f"{row.clock_hz / 1e6:g} MHz" for row in rows if row.clock_hz]
    times = [row.created_utc[:16].replace("T", " ") for row in rows]
    samples = [f"{row.samples:,} of {row.split or 'unnamed split'}" for row in rows if row.samples]
    facts: list[tuple[str, list[str | None]]] = [
        ("board", [board.title]),
        ("unit", [f"{board.name}, {'virtual' if board.virtual else 'real'}"]),
        ("probe", [row.probe for row in rows]),
        ("serial line", [row.serial_settings for row in rows]),
        ("core clock", [*clocks]),
        ("flash wait states", [None if row.wait_states is None else str(row.wait_states) for row in rows]),
        ("compiler", [row.compiler for row in rows]),
        ("flags", [row.flags for row in rows]),
        ("accuracy samples", [*samples]),
        ("seed", [None if row.seed is None else str(row.seed) for row in rows]),
        ("harness", [row.harness_version for row in rows]),
        ("measured", [f"{times[0]} to {times[-1]} UTC"] if times else []),
    ]
    return [(name, text) for name, values in facts if (text := _different(values))]


def _different(values: Iterable[str | None]) -> str:
    return "; ".join(dict.fromkeys(value for value in values if value))


def _replace(path: Path, page: str) -> None:
    name = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(page)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        if name:
            with contextlib.suppress(OSError):
                os.unlink(name)
        raise InputError(
            f"cannot write the report to {path}: {error.strerror}; choose another file"
        ) from error
