"""Nights: when a plan ran, and what each job and each health check gave."""

from dataclasses import dataclass
from typing import Literal

from harness.store.db import Database
from harness.store.measurements import now_utc

State = Literal["ok", "accepted", "regression", "failed", "invalid", "skipped"]
"""How it went. `accepted`: worse, and declared the new normal. `failed`: the board did. `invalid`: the job's
model, data or build did. `skipped`: not measured, for the board was in use or set aside or the time was spent."""

HEALTH = "health check"
"""The job name of a health check."""


@dataclass(frozen=True, kw_only=True)
class NightResult:
    """One job on one board in one mode, or a board's health check.

    Attributes:
        job: The job's name, or `HEALTH`.
        board: The unit.
        mode: What was measured; empty for a health check.
        state: How it went.
        measurement: Id of the row; None where none came about.
        sentence: What got worse or what failed, for people; empty where nothing did.
        attempts: How often it was tried.
        duration_s: Seconds all tries took.
    """

    job: str
    board: str
    mode: str
    state: State
    measurement: int | None
    sentence: str
    attempts: int
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class Night:
    """One night.

    Attributes:
        id: Its number, growing.
        started_utc: ISO 8601.
        ended_utc: None where it is under way or was killed.
        plan: Path of the plan file.
        revision: Git commit of the plan's folder, if it has one.
        exit_code: 0 fine, 1 something got worse, 3 a board failed.
        summary: The night in a line.
        results: In the order they came.
    """

    id: int
    started_utc: str
    ended_utc: str | None
    plan: str
    revision: str | None
    exit_code: int | None
    summary: str | None
    results: tuple[NightResult, ...]


def begin(database: Database, plan: str, revision: str | None) -> int:
    """Record that a night has begun; gives its number."""
    with database.transaction() as connection:
        cursor = connection.execute(
            "INSERT INTO nights (started_utc, plan, revision) VALUES (?, ?, ?)", (now_utc(), plan, revision)
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid


def add_result(database: Database, night: int, result: NightResult) -> None:
    """Append what one job or health check gave."""
    values = (night, *(getattr(result, name) for name in _COLUMNS))
    with database.transaction() as connection:
        connection.execute(
            f"INSERT INTO night_results (night, {', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(values))})",
            values,
        )


def end(database: Database, night: int, exit_code: int, summary: str) -> None:
    """Record how the night ended."""
    with database.transaction() as connection:
        connection.execute(
            "UPDATE nights SET ended_utc = ?, exit_code = ?, summary = ? WHERE id = ?",
            (now_utc(), exit_code, summary, night),
        )


def load(database: Database, last: int | None) -> list[Night]:
    """The last nights (or all), newest first."""
    found = database.query("SELECT * FROM nights ORDER BY id DESC LIMIT ?", (-1 if last is None else last,))
    nights = []
    for row in found:
        results = database.query("SELECT * FROM night_results WHERE night = ? ORDER BY id", (row["id"],))
        nights.append(
            Night(
                **dict(row),
                results=tuple(NightResult(**{name: item[name] for name in _COLUMNS}) for item in results),
            )
        )
    return nights


def good(database: Database, job: str, board: str, mode: str) -> list[tuple[int, str | None]]:
    """Ids of the good rows since the last accepted one, oldest first, each with its night's commit."""
    rows = database.query(
        "SELECT r.id, r.state, r.measurement, n.revision FROM night_results r JOIN nights n ON n.id = r.night "
        "WHERE r.job = ? AND r.board = ? AND r.mode = ? AND r.state IN ('ok', 'accepted') "
        "AND r.measurement IS NOT NULL ORDER BY r.id",
        (job, board, mode),
    )
    begins = max((at for at, row in enumerate(rows) if row["state"] == "accepted"), default=0)
    return [(row["measurement"], row["revision"]) for row in rows[begins:]]


def faults_in_a_row(database: Database, board: str) -> int:
    """How often a board has failed since it last finished a job; what was skipped does not count."""
    rows = database.query(
        "SELECT COUNT(*) FROM night_results WHERE board = ? AND state = 'failed' AND id > COALESCE("
        "(SELECT MAX(id) FROM night_results WHERE board = ? AND job != ? AND state IN ('ok', 'accepted', 'regression')), 0)",
        (board, board, HEALTH),
    )
    return int(rows[0][0])


def accept(database: Database, job: str, board: str | None) -> int:
    """Let the newest result of each board and mode, where it is a regression, be the new normal."""
    with database.transaction() as connection:
        cursor = connection.execute(
            "UPDATE night_results SET state = 'accepted' WHERE state = 'regression' AND id IN ("
            "SELECT MAX(id) FROM night_results WHERE job = ? AND (? IS NULL OR board = ?) "
            "AND measurement IS NOT NULL GROUP BY board, mode)",
            (job, board, board),
        )
        return cursor.rowcount


_COLUMNS = tuple(NightResult.__dataclass_fields__)
