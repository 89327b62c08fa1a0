"""The measured row: one figure or set of figures with all that changes it."""

import json
import sqlite3
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from harness.errors import InputError
from harness.store.db import Database


def harness_version() -> str:
    """Version of the installed harness; `unknown` in a checkout that was never installed."""
    try:
        return version("tinyml-harness")
    except PackageNotFoundError:
        return "unknown"


def now_utc() -> str:
    """The time as stored: ISO 8601 in UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A row of the append-only table of measurements.

    What was not measured in this row is None: a timing of an untrained candidate has no accuracy, an
    image that does not fit has no latency. A failure of the infrastructure (link, probe, power) has
    `status="failed"` and its text in `failure`, and says nothing about the candidate.

    Attributes:
        id: Given by the store.
        created_utc: ISO 8601, given by the store.
        study: Name of the study it belongs to, if any; the study must exist.
        run_id: The job on one unit that made it.
        board: Name of the unit.
        kind: Name of the board kind.
        virtual: Whether the unit is emulated, so that its latency is an estimate.
        probe: Unique id of the debug probe.
        serial_settings: Port, speed and framing, as `/dev/ttyACM0 115200 8N1`.
        model_sha256: Of the `.tflite` file.
        model_name: What people call the model.
        candidate: Name of the candidate within the study.
        cut: Layer after which the model was cut; None for the unpruned model.
        head: Head put there.
        image_sha256: Of the flashed image.
        build_id: 16 hex digits, as the image says.
        compiler: Name and version.
        flags: Compiler flags.
        clock_hz: Core clock during the measurement.
        wait_states: Flash wait states.
        mode: `performance`, `accuracy`, `energy` or `profile`.
        cycles: Core clock cycles of one inference.
        latency_us: Median microseconds of one inference.
        iterations: Inferences in a window.
        windows_us: Microseconds of one inference, for each timed window.
        flash_bytes: Flash the image takes.
        ram_bytes: RAM it takes: static data, arena and stack reserve.
        stack_bytes: Stack reserve.
        stack_used_bytes: Deepest the stack was seen.
        macs: Multiply-accumulates of one inference.
        accuracy: Fraction in [0, 1] (or the task's metric in that range).
        accuracy_low: Lower end of its 95 % interval.
        accuracy_high: Upper end.
        correct: Samples answered rightly.
        samples: Samples asked.
        split: Data split they are from.
        outputs_sha256: Artifact: CSV of sample name, label and int8 outputs.
        fits: Whether the image fits the board; None where that was not found out.
        unfit_memory: `flash` or `ram` where it does not.
        needed_bytes: Of that memory.
        available_bytes: Of that memory.
        harness_version: Of the harness that measured.
        seed: Of all random choices.
        status: `ok` or `failed`.
        failure: Class and text of the failure.
        layers_sha256: Artifact: JSON with each layer's cycles, where they were asked for.
        load: How samples got into the device: `swd`, `serial` or `serial-strict`.
        retries: Samples that had to be sent again.
        rules: How latency was measured: `mlperf-tiny` or `quick`.
        spread: Difference between the slowest and the fastest window, as a share of the median.
        auc: Area under the ROC curve, one class against the rest; for windows of files, of the files' means.
        auc_low: Lower end of its 95 % interval.
        auc_high: Upper end.
        padding_bytes: Bytes put before the code to shift it; None for the image as it is.
        model_id: What the firmware answers to `profile`.
        warmup: Inferences before each timed window.
        timed_inputs: Names of the samples that the windows ran on, separated by spaces; `noise` without samples.
        energy_uj: Microjoules of one inference, of the median window.
        power_uw: Mean power in that window, microwatts.
        windows_uj: Microjoules of one inference, for each window.
        meter: What measured the energy, as `lpm01a`; with `(simulated)` where no current flowed.
        supply_mv: Voltage the meter supplied, in millivolts.
        recovery: What was done to mend the board before it measured, steps separated by `; `.
        trained: Whether a study's candidate had its trained weights; False where it was timed before training.
        float_accuracy: Of the float network it was made of, on the task's test split, in [0, 1].
        whole: Whether the image keeps channels that carry nothing; None where that is not known.
    """

    id: int | None = None
    created_utc: str = field(default_factory=now_utc)
    study: str | None = None
    run_id: str
    board: str
    kind: str
    virtual: bool
    probe: str | None = None
    serial_settings: str | None = None
    model_sha256: str
    model_name: str
    candidate: str | None = None
    cut: str | None = None
    head: str | None = None
    image_sha256: str | None = None
    build_id: str | None = None
    compiler: str | None = None
    flags: str | None = None
    clock_hz: int | None = None
    wait_states: int | None = None
    mode: str = "performance"
    cycles: int | None = None
    latency_us: float | None = None
    iterations: int | None = None
    windows_us: tuple[float, ...] = ()
    flash_bytes: int | None = None
    ram_bytes: int | None = None
    stack_bytes: int | None = None
    stack_used_bytes: int | None = None
    macs: int | None = None
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    correct: int | None = None
    samples: int | None = None
    split: str | None = None
    outputs_sha256: str | None = None
    fits: bool | None = None
    unfit_memory: Literal["flash", "ram"] | None = None
    needed_bytes: int | None = None
    available_bytes: int | None = None
    harness_version: str = field(default_factory=harness_version)
    seed: int | None = None
    status: Literal["ok", "failed"] = "ok"
    failure: str | None = None
    layers_sha256: str | None = None
    load: str | None = None
    retries: int | None = None
    rules: str | None = None
    spread: float | None = None
    auc: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    padding_bytes: int | None = None
    model_id: str | None = None
    warmup: int | None = None
    timed_inputs: str | None = None
    energy_uj: float | None = None
    power_uw: float | None = None
    windows_uj: tuple[float, ...] = ()
    meter: str | None = None
    supply_mv: int | None = None
    recovery: str | None = None
    trained: bool | None = None
    float_accuracy: float | None = None
    whole: bool | None = None


COLUMNS: tuple[str, ...] = tuple(column.name for column in fields(Measurement))
FILTERS = ("study", "board", "kind", "run_id", "model_name", "model_sha256", "candidate", "mode", "status")

_BOOLS = ("virtual", "fits", "trained", "whole")
_LISTS = ("windows_us", "windows_uj")


def insert(database: Database, row: Measurement) -> Measurement:
    """Add `row`; gives it back with its id.

    Raises:
        StoreError: It cannot be written, or its study does not exist.
    """
    values = [_stored(getattr(row, name)) for name in COLUMNS[1:]]
    marks = ", ".join("?" for _ in values)
    with database.transaction() as connection:
        cursor = connection.execute(
            f"INSERT INTO measurements ({', '.join(COLUMNS[1:])}) VALUES ({marks})", values
        )
        return replace(row, id=cursor.lastrowid)


def select(database: Database, filters: dict[str, object]) -> list[Measurement]:
    """Rows with these values, oldest first.

    Args:
        database: Where from.
        filters: Column of `FILTERS` -> value; None stands for any.

    Raises:
        ValueError: A column is not one of `FILTERS`.
        StoreError: The database cannot be read.
    """
    if unknown := set(filters) - set(FILTERS):
        raise ValueError(f"no filter on {', '.join(sorted(unknown))}; there are {', '.join(FILTERS)}")
    given = {name: value for name, value in filters.items() if value is not None}
    where = " AND ".join(f"{name} = ?" for name in given) or "1"
    rows = database.query(f"SELECT * FROM measurements WHERE {where} ORDER BY id", tuple(given.values()))
    return [_measurement(row) for row in rows]


def load(database: Database, row_id: int) -> Measurement:
    """The row with this id.

    Raises:
        InputError: There is none.
        StoreError: The database cannot be read.
    """
    rows = database.query("SELECT * FROM measurements WHERE id = ?", (row_id,))
    if not rows:
        raise InputError(f"no row {row_id} in {database.path}; `harness runs list` shows which there are")
    return _measurement(rows[0])


def _stored(value: object) -> object:
    if isinstance(value, tuple | list):
        return json.dumps([float(item) for item in value])
    if hasattr(value, "item"):  # numpy's numbers
        value = value.item()
    return int(value) if isinstance(value, bool) else value


def _measurement(row: sqlite3.Row) -> Measurement:
    values: dict[str, Any] = {name: row[name] for name in COLUMNS}
    for name in _BOOLS:
        if values[name] is not None:
            values[name] = bool(values[name])
    for name in _LISTS:
        values[name] = tuple(json.loads(values[name]))
    return Measurement(**values)
