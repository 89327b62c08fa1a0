"""Opening, migrating and failing; several writers; kill -9."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from harness.errors import InputError, StoreError
from harness.store import Store
from harness.store.db import Database
from tests.store.rows import row


def _write(folder: Path, name: str, count: int) -> None:
    with Store(folder) as store:
        for _ in range(count):
            store.add(row(run_id=name))


def test_processes_write_at_once_into_a_new_store(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(tmp_path, f"w{n}", 25)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    with Store(tmp_path) as store:
        assert {name: len(store.measurements(run_id=name)) for name in ("w0", "w1", "w2")} == {
            "w0": 25,
            "w1": 25,
            "w2": 25,
        }


def _open_many(folder: Path, barrier: Barrier) -> None:
    for n in range(40):
        barrier.wait(30)
        Database(folder / f"{n}.sqlite").close()


def test_processes_make_the_same_store_at_the_same_moment(tmp_path: Path) -> None:
    # SQLite does not wait for a lock when two change the journal mode at once: about one in forty fails.
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(4)
    makers = [context.Process(target=_open_many, args=(tmp_path, barrier)) for _ in range(4)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join(60)
    assert [maker.exitcode for maker in makers] == [0] * 4


_KILLED = """
import sys
from pathlib import Path
from harness.store import Store
from tests.store.rows import row
store = Store(Path(sys.argv[1]))
while True:
    sha256 = store.artifacts.put(f"{len(store.measurements())}".encode() * 50_000, ".bin")
    print(store.add(row(outputs_sha256=sha256)).id, flush=True)
"""


def test_kill_at_any_moment_loses_no_committed_row(tmp_path: Path) -> None:
    acknowledged = 0
    for delay_s in (0.02, 0.05, 0.11):
        writer = subprocess.Popen(
            [sys.executable, "-c", _KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        acknowledged = int(writer.stdout.readline())
        time.sleep(delay_s)
        os.kill(writer.pid, signal.SIGKILL)
        # A line may be cut off by the kill; only whole ones count as acknowledged.
        rest = writer.stdout.read()
        acknowledged = max([acknowledged, *(int(line) for line in rest.split("\n")[:-1])])
        writer.wait()
        writer.stdout.close()
        connection = sqlite3.connect(tmp_path / "harness.sqlite")
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        with Store(tmp_path) as store:
            rows = store.measurements()
            assert len(rows) >= acknowledged
            for item in rows:
                assert item.outputs_sha256 is not None
                store.artifacts.read(item.outputs_sha256)


def test_forked_process_gets_a_connection_of_its_own(store: Store) -> None:
    store.add(row(run_id="parent"))
    inherited = store._database._connection

    def child() -> None:
        store.add(row(run_id="child"))
        assert store._database._connection is not inherited

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(30)
    assert process.exitcode == 0
    store.add(row(run_id="parent"))
    assert [item.run_id for item in store.measurements()] == ["parent", "child", "parent"]


def test_newer_schema_is_refused(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / "harness.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match=r"newer harness \(schema 99"):
        Store(tmp_path)


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xaa" * 5000])
def test_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "harness.sqlite").write_bytes(content)
    with pytest.raises(StoreError, match=r"harness\.sqlite: .*damaged"):
        Store(tmp_path)


def test_full_disk(tmp_path: Path) -> None:
    database = Database(tmp_path / "db.sqlite")
    database.query("PRAGMA max_page_count = 1")  # the lowest it takes is the present size
    with pytest.raises(StoreError, match="disk is full"), database.transaction() as connection:
        for n in range(200):
            connection.execute("INSERT INTO stages VALUES (?, '', ?, '{}')", (str(n), "x" * 1000))
    assert database.query("SELECT * FROM stages") == []
    database.close()


def test_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot make the folder"):
        Store(tmp_path / "file" / "results")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InputError, match="no permission"):
            Store(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_readers_do_not_make_a_store(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no results in"):
        Store(tmp_path / "results", create=False)
    assert not (tmp_path / "results").exists()


def test_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "db.sqlite")
    with pytest.raises(RuntimeError), database.transaction() as connection:
        connection.execute("INSERT INTO stages VALUES ('k', '', '{}', '{}')")
        raise RuntimeError
    assert database.query("SELECT * FROM stages") == []
    with database.transaction() as connection:
        connection.execute("INSERT INTO stages VALUES ('k', '', '{}', '{}')")
    assert len(database.query("SELECT * FROM stages")) == 1
    database.close()


def test_locked_database_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.store.db._BUSY_S", 0.1)
    first, second = Store(tmp_path), Store(tmp_path)
    with first._database.transaction(), pytest.raises(StoreError, match="another process kept it locked"):
        second.add(row())
    first.close()
    second.close()
