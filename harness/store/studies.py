"""Studies: what a search was asked, how it stands, what it decided and why."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.errors import InputError, StoreError
from harness.store.db import Database
from harness.store.measurements import now_utc

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a study decided for one board.

    Attributes:
        candidate: Name of the chosen candidate; None where none meets the limits.
        sentence: Why, for people, in a sentence.
        verdicts: Candidate -> why it was chosen or not, in a few words.
        facts: Figures the decision rests on (limits, reference accuracy...), as JSON values.
    """

    candidate: str | None
    sentence: str
    verdicts: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Study:
    """One search with its limits.

    Attributes:
        name: Letters, digits and `. _ -`.
        created_utc: ISO 8601.
        task: Name of the task.
        options: All that changes the outcome (limits, boards, samples, seed...), as JSON values.
        status: `running`, `decided`, `stopped` or what the search says of itself.
        decisions: Board -> decision.
    """

    name: str
    created_utc: str
    task: str
    options: dict[str, Any]
    status: str
    decisions: dict[str, Decision]


def check_name(name: str) -> str:
    """`name`, when it can name a study.

    Raises:
        InputError: It holds other characters than letters, digits and `. _ -`, or is too long.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"the study name {name!r} cannot be used: "
            "take 1 to 100 letters, digits, '.', '_' or '-', starting with a letter or digit"
        )
    return name


def open_study(database: Database, name: str, task: str, options: Mapping[str, Any]) -> Study:
    """Start the study, or go on with it where it was begun with the same task and options.

    Raises:
        InputError: The name cannot be used, or the study was begun with another task or option.
        StoreError: The database fails.
    """
    check_name(name)
    given = json.loads(json.dumps(dict(options), sort_keys=True))
    with database.transaction() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO studies (name, created_utc, task, options, status) VALUES (?, ?, ?, ?, ?)",
            (name, now_utc(), task, json.dumps(given, sort_keys=True), "running"),
        )
        study = load_study(database, name)
    before, now = _flat({"task": study.task, **study.options}), _flat({"task": task, **given})
    for option in sorted(before.keys() | now.keys()):
        if before.get(option) != now.get(option):
            raise InputError(
                f"study {name!r} was begun with {option} = {before.get(option)!r} and this run has "
                f"{now.get(option)!r}; use the same value or another study name"
            )
    return study


def load_study(database: Database, name: str) -> Study:
    """The study called `name`.

    Raises:
        InputError: There is none.
        StoreError: The database fails or the row cannot be understood.
    """
    rows = database.query("SELECT * FROM studies WHERE name = ?", (name,))
    if not rows:
        known = [row["name"] for row in database.query("SELECT name FROM studies ORDER BY created_utc DESC")]
        hint = f"there are: {', '.join(known[:10])}" if known else "the store has none yet"
        raise InputError(f"no study {name!r} in {database.path}; {hint}")
    row = rows[0]
    try:
        decisions = {
            decision["board"]: Decision(**json.loads(decision["decision"]))
            for decision in database.query("SELECT * FROM decisions WHERE study = ? ORDER BY board", (name,))
        }
        return Study(
            name=row["name"],
            created_utc=row["created_utc"],
            task=row["task"],
            options=json.loads(row["options"]),
            status=row["status"],
            decisions=decisions,
        )
    except (ValueError, TypeError) as error:
        raise StoreError(f"{database.path}: the record of study {name!r} cannot be read: {error}") from error


def list_studies(database: Database) -> list[Study]:
    """All studies, newest first.

    Raises:
        StoreError: The database fails.
    """
    rows = database.query("SELECT name FROM studies ORDER BY created_utc DESC, name")
    return [load_study(database, row["name"]) for row in rows]


def set_status(database: Database, name: str, status: str) -> None:
    """Record how the study stands.

    Raises:
        StoreError: The database fails.
    """
    with database.transaction() as connection:
        connection.execute("UPDATE studies SET status = ? WHERE name = ?", (status, name))


def save_decision(database: Database, name: str, board: str, decision: Decision) -> None:
    """Record what was decided for `board`, in place of an earlier decision.

    Raises:
        StoreError: The database fails or the study does not exist.
    """
    content = json.dumps(
        {
            "candidate": decision.candidate,
            "sentence": decision.sentence,
            "verdicts": decision.verdicts,
            "facts": decision.facts,
        }
    )
    with database.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO decisions (study, board, created_utc, decision) VALUES (?, ?, ?, ?)",
            (name, board, now_utc(), content),
        )


def _flat(options: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested options as one level with dotted names."""
    flat: dict[str, Any] = {}
    for key, value in options.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
