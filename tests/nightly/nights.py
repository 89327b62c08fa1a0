"""Plans, rows and nights for tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.nightly import Budget, Job, NightRun, Plan
from harness.nightly.verdict import exit_code, summary
from harness.store import Measurement, Night, Store


def row(board: str = "a", **changes: Any) -> Measurement:
    values: dict[str, Any] = {
        "run_id": "r",
        "board": board,
        "kind": "nrf51-dk",
        "virtual": True,
        "model_sha256": "00" * 32,
        "model_name": "kws",
        "latency_us": 1000.0,
        "flash_bytes": 50_000,
        "ram_bytes": 20_000,
        "accuracy": 0.9,
        "samples": 1000,
        "split": "test",
        "fits": True,
    }
    return Measurement(**(values | changes))


def plan(*boards: str, jobs: int = 1, **options: Any) -> Plan:
    made = tuple(
        Job(name=name, model=Path("kws.tflite"), boards=boards or ("a",))
        for name in ("kws", "ad", "ic")[:jobs]
    )
    return Plan(jobs=made, **options)


def night(
    store: Store,
    of: Plan,
    measure: Callable[[Job, str, str], Measurement],
    check: Callable[[str], None] = lambda board: None,
    revision: str | None = None,
    budget: Budget | None = None,
) -> Night:
    """Run a plan with functions of the test's own in place of boards."""
    number = store.begin_night("nightly.toml", revision)

    def stored(job: Job, board: str, mode: str) -> Measurement:
        return store.add(measure(job, board, mode))

    NightRun(of, store, number, revision, stored, check, budget or Budget(None)).run()
    results = store.nights(1)[0].results
    store.end_night(number, exit_code(results), summary(number, results))
    return store.nights(1)[0]


def states(of: Night) -> dict[tuple[str, str], str]:
    """(Job, board) -> how it went."""
    return {(result.job, result.board): result.state for result in of.results}
