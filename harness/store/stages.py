"""What has been made already: outputs of a stage under the hash of all its inputs."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.store.artifacts import Artifacts
from harness.store.db import Database
from harness.store.measurements import now_utc


@dataclass(frozen=True)
class Stage:
    """A finished stage.

    Attributes:
        outputs: Name of an output -> SHA-256 of its artifact.
        facts: What else is to be known of it, as JSON values.
    """

    outputs: dict[str, str]
    facts: dict[str, Any]


def stage_key(stage: str, inputs: Mapping[str, Any]) -> str:
    """SHA-256 of the stage's name and all that changes its outputs.

    Args:
        stage: `train`, `quantize`, `build`...; with a version where the stage's own code changes outputs.
        inputs: JSON values; files stand here as their SHA-256.

    Raises:
        TypeError: A value is not JSON.
        ValueError: A number is not finite.
    """
    text = json.dumps([stage, inputs], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def find(database: Database, artifacts: Artifacts, key: str) -> Stage | None:
    """The finished stage, or None where it has to be run: never finished, or an output is gone.

    Raises:
        StoreError: The database fails.
    """
    rows = database.query("SELECT outputs, facts FROM stages WHERE key = ?", (key,))
    if not rows:
        return None
    stage = Stage(json.loads(rows[0]["outputs"]), json.loads(rows[0]["facts"]))
    return stage if all(artifacts.has(sha256) for sha256 in stage.outputs.values()) else None


def finish(
    database: Database,
    artifacts: Artifacts,
    key: str,
    outputs: Mapping[str, str],
    facts: Mapping[str, Any],
) -> Stage:
    """Record a stage as done. Where another process finished it first, its outputs stand.

    Raises:
        StoreError: An output is not among the artifacts, or the database fails.
    """
    for sha256 in outputs.values():
        artifacts.path(sha256)
    with database.transaction() as connection:
        first = find(database, artifacts, key)
        if first is not None:
            return first
        connection.execute(
            "INSERT OR REPLACE INTO stages (key, created_utc, outputs, facts) VALUES (?, ?, ?, ?)",
            (key, now_utc(), json.dumps(dict(outputs)), json.dumps(dict(facts))),
        )
    return Stage(dict(outputs), json.loads(json.dumps(dict(facts))))
