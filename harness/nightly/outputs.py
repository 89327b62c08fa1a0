"""The files of a night: JUnit XML, CSV, an HTML page and the summary."""

import csv
import io
import shutil
from pathlib import Path

from harness.errors import InputError
from harness.nightly.junit import junit_xml
from harness.nightly.page import night_page
from harness.nightly.trends import Point, trend_charts
from harness.store import Measurement, Night, NightResult, Store

_TREND_NIGHTS = 60
_FIGURES = ("latency_us", "accuracy", "flash_bytes", "ram_bytes", "energy_uj", "model_sha256", "image_sha256")


def write_outputs(store: Store, night: Night, junit: Path | None, keep_nights: int) -> Path:
    """Write the files of a night into `nightly/<number>/` of the store's folder; gives that folder.

    Args:
        store: Where the rows are.
        night: What to write.
        junit: Where to put the JUnit XML besides.
        keep_nights: Of how many nights the files stay; rows stay always.

    Raises:
        InputError: A file cannot be written.
    """
    rows = [_row(store, result) for result in night.results]
    document = junit_xml(night, rows)
    folder = store.folder / "nightly" / f"{night.id:04d}"
    _write(folder / "junit.xml", document)
    if junit is not None:
        _write(junit, document)
    _write(folder / "results.csv", _csv(night, rows))
    _write(folder / "report.html", night_page(night, trend_charts(_points(store))))
    _write(folder / "summary.txt", f"{night.summary}\n")
    for old in sorted(path for path in folder.parent.iterdir() if path.name.isdigit())[:-keep_nights]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _row(store: Store, result: NightResult) -> Measurement | None:
    return None if result.measurement is None else store.measurement(result.measurement)


def _points(store: Store) -> list[Point]:
    return [
        Point(night, result, row)
        for night in reversed(store.nights(_TREND_NIGHTS))
        for result in night.results
        if (row := _row(store, result)) is not None and row.status == "ok"
    ]


def _csv(night: Night, rows: list[Measurement | None]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        ["night", "job", "board", "mode", "state", "row", *_FIGURES, "attempts", "duration_s", "what"]
    )
    for result, row in zip(night.results, rows, strict=True):
        figures = [getattr(row, name) if row else None for name in _FIGURES]
        names = [night.id, result.job, result.board, result.mode, result.state, result.measurement]
        writer.writerow([*names, *figures, result.attempts, f"{result.duration_s:.3f}", result.sentence])
    return text.getvalue()


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; choose another file") from error
