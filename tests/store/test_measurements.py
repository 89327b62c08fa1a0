"""Rows in, rows out; frames and CSV."""

import dataclasses
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import InputError, StoreError
from harness.store import Measurement, Store
from harness.store.frames import dtypes, frame, read_csv, write_csv
from harness.store.measurements import COLUMNS
from tests.store.rows import row

MINIMAL = Measurement(
    run_id="r", board="NA", kind="nrf51-dk", virtual=True, model_sha256="00" * 32, model_name="nan"
)


def test_a_row_comes_back_as_it_was(store: Store) -> None:
    added = [store.add(row()), store.add(MINIMAL), store.add(row(fits=False, unfit_memory="ram"))]
    assert [item.id for item in added] == [1, 2, 3]
    assert store.measurements() == added


def test_numpy_numbers_are_taken(store: Store) -> None:
    added = store.add(
        row(cycles=np.int64(5), latency_us=np.float32(0.5), windows_us=[np.int32(3)], fits=np.True_)
    )
    back = store.measurements()[0]
    assert (back.cycles, back.latency_us, back.windows_us, back.fits) == (5, 0.5, (3.0,), True)
    assert back.id == added.id


def test_filters(store: Store) -> None:
    store.open_study("one", "kws", {})
    store.add(row(study="one", board="a"))
    store.add(row(study="one", board="b", status="failed", failure="LinkError: b: silent"))
    store.add(row(board="a"))
    assert len(store.measurements("one")) == 2
    assert len(store.measurements(board="a")) == 2
    assert [item.failure for item in store.measurements("one", status="failed")] == ["LinkError: b: silent"]
    assert store.measurements("none") == []
    with pytest.raises(ValueError, match="no filter on cycles"):
        store.measurements(cycles=3)


def test_rows_of_no_study_are_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="open the study first"):
        store.add(row(study="never opened"))
    assert store.measurements() == []


def test_rows_are_never_changed_or_removed(store: Store) -> None:
    store.add(row())
    with sqlite3.connect(store.folder / "harness.sqlite") as connection:
        for statement in ("UPDATE measurements SET cycles = 1", "DELETE FROM measurements"):
            with pytest.raises(sqlite3.IntegrityError, match="never"):
                connection.execute(statement)
    connection.close()


def test_columns_of_the_table_are_the_fields(store: Store) -> None:
    with sqlite3.connect(store.folder / "harness.sqlite") as connection:
        names = [item[1] for item in connection.execute("PRAGMA table_info(measurements)")]
    connection.close()
    assert names == list(COLUMNS)


def test_frame_is_typed_also_when_empty(store: Store) -> None:
    assert {name: str(dtype) for name, dtype in store.frame().dtypes.items()} == dtypes()
    store.add(MINIMAL)
    table = store.frame()
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dtypes()
    assert table["board"][0] == "NA"
    assert table["cycles"].isna().all()
    assert bool(table["virtual"][0]) is True


def test_csv_round_trip(store: Store, tmp_path: Path) -> None:
    store.add(row(failure='say "no",\nor\r\nnothing; ü'))
    store.add(MINIMAL)
    path = tmp_path / "all.csv"
    assert store.export_csv(None, path) == 2
    pd.testing.assert_frame_equal(read_csv(path), store.frame())


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    board=_TEXT,
    failure=st.none() | _TEXT,
    latency=st.none() | st.floats(0, 1e12, allow_nan=False),
    cycles=st.none() | st.integers(0, 2**62),
    fits=st.none() | st.booleans(),
    windows=st.lists(st.floats(0, 1e9), max_size=3),
)
def test_any_row_survives_csv(tmp_path, board, failure, latency, cycles, fits, windows) -> None:  # type: ignore[no-untyped-def]
    table = frame(
        [
            row(
                id=1,
                board=board,
                failure=failure,
                latency_us=latency,
                cycles=cycles,
                fits=fits,
                windows_us=tuple(windows),
            )
        ]
    )
    pd.testing.assert_frame_equal(read_csv(write_csv(table, tmp_path / "t.csv")), table)


def test_csv_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        read_csv(tmp_path / "missing.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(StoreError, match="not a table of measurements"):
        read_csv(tmp_path / "other.csv")


def test_export_names_what_is_wrong(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no study 'x'"):
        store.export_csv("x", tmp_path / "x.csv")
    with pytest.raises(InputError, match="cannot write"):
        store.export_csv(None, tmp_path / "no" / "folder" / "x.csv")


def test_measurement_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        row().cycles = 3  # type: ignore[misc]
