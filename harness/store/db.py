"""The SQLite file: opening, migrating, transactions, and errors in the harness's words."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import StoreError
from harness.store.migrations import MIGRATIONS

_BUSY_S = 30.0


class Database:
    """One SQLite file for several threads and processes.

    Write-ahead log and full synchronisation: a committed row survives `kill -9` and a power cut, and
    readers never wait for a writer. Each process has a connection of its own, also after a fork.
    """

    def __init__(self, path: Path) -> None:
        """Open `path`, making and migrating it as needed.

        Raises:
            StoreError: It is damaged, no database, from a newer harness, or stays locked.
        """
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        with self._mapped():
            self._connection = self._connect()

    def query(self, sql: str, parameters: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """All rows of a SELECT.

        Raises:
            StoreError: The database cannot be read.
        """
        with self._lock, self._mapped():
            return self._own().execute(sql, parameters).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed at the end, rolled back on an error. Nests into one.

        Raises:
            StoreError: The database cannot be written.
        """
        with self._lock, self._mapped():
            connection = self._own()
            if self._depth == 0:
                connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield connection
            except BaseException:
                if self._depth == 1 and connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            else:
                if self._depth == 1:
                    self._commit(connection)
            finally:
                self._depth -= 1

    def close(self) -> None:
        """Close this process's connection."""
        with self._lock:
            self._connection.close()

    @staticmethod
    def _commit(connection: sqlite3.Connection) -> None:
        try:
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _own(self) -> sqlite3.Connection:
        if os.getpid() != self._pid:
            # A connection must not be used, nor closed, on the other side of a fork.
            self._inherited = self._connection
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        self._pid = os.getpid()
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            self._use_wal(connection)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    @staticmethod
    def _use_wal(connection: sqlite3.Connection) -> None:
        # Changing the mode does not wait for other processes that are doing the same.
        deadline = time.monotonic() + _BUSY_S
        while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return  # file systems without shared memory keep a rollback journal, which is as safe
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        if self._version(connection) == len(MIGRATIONS):
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = self._version(connection)  # another process may have been first
            if version > len(MIGRATIONS):
                raise StoreError(
                    f"{self.path} was written by a newer harness (schema {version}, this one knows "
                    f"{len(MIGRATIONS)}); update the harness or use another results folder"
                )
            for migration in MIGRATIONS[version:]:
                for statement in migration:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    @staticmethod
    def _version(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {_explain(error)}") from error


def _explain(error: sqlite3.Error) -> str:
    match getattr(error, "sqlite_errorname", "").split("_")[:2]:
        case ["SQLITE", "FULL"]:
            return "the disk is full; free some space and run the same command again"
        case ["SQLITE", "NOTADB" | "CORRUPT"]:
            return "the database is damaged or not a database; move it away or restore a copy"
        case ["SQLITE", "BUSY" | "LOCKED"]:
            return f"another process kept it locked for {_BUSY_S:g} s; end that process or try again"
        case ["SQLITE", "READONLY" | "CANTOPEN" | "PERM"]:
            return "it cannot be opened for writing; check the permissions or choose another results folder"
        case ["SQLITE", "CONSTRAINT"] if "FOREIGN KEY" in str(error):
            return "the study that the row names is not in the store; open the study first"
        case ["SQLITE", "IOERR"]:
            return f"reading or writing failed ({error}); check the disk"
        case _:
            return f"refused by the database: {error}"
