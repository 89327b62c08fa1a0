"""Databases of earlier versions are brought up to date and keep their rows."""

import sqlite3
from pathlib import Path

import pytest

from harness.store import Store
from harness.store.measurements import COLUMNS
from harness.store.migrations import MIGRATIONS
from tests.store.rows import row


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_rows_of_an_earlier_schema_stay(tmp_path: Path, version: int) -> None:
    connection = sqlite3.connect(tmp_path / "harness.sqlite")
    for migration in MIGRATIONS[:version]:
        for statement in migration:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {version}")
    known = [item[1] for item in connection.execute("PRAGMA table_info(measurements)")]
    old = row(run_id="old", windows_us=())
    values = {name: getattr(old, name) for name in known if name != "id"}
    values |= {name: "[]" for name, value in values.items() if value == ()}
    connection.execute(
        f"INSERT INTO measurements ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
        list(values.values()),
    )
    connection.commit()
    connection.close()
    with Store(tmp_path) as store:
        store.add(row(run_id="new", layers_sha256="12" * 32))
        first, second = store.measurements()
    assert (first.run_id, first.cycles, first.layers_sha256) == ("old", old.cycles, None)
    assert (second.run_id, second.layers_sha256) == ("new", "12" * 32)
    assert set(known) <= set(COLUMNS)
