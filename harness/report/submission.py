"""A stored row as a folder in MLPerf Tiny's submission layout."""

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from harness.config.kinds import kind_names
from harness.config.paths import ensure_writable
from harness.errors import InputError
from harness.measure import Accuracy
from harness.report import submission_rules as rules
from harness.report.submission_results import accuracy_files, energy_files, performance_files
from harness.report.submission_system import rebuild, system_json, write_code
from harness.store import Measurement, Store

STATUSES = ("available", "preview", "rdi")
"""How far a system can be had: to buy, soon, or for research."""

_NAME = re.compile(r"[A-Za-z0-9][\w.+-]*", re.ASCII)
_IMPLEMENTATION = "tinyml-harness"


@dataclass(frozen=True)
class Entry:
    """What is submitted, and where.

    Attributes:
        organisation: Folder of the submitter.
        benchmark: `kws`, `vww`, `ic` or `ad`.
        model: The `.tflite` file that was measured.
        board: Unit it was measured on.
        division: `open` or `closed`.
        status: One of `STATUSES`.
        system: Folder of the system; None for the board's kind.
        given_weights: The user's word that the weights are the reference model's.
        rehearsal: Whether an emulated board is allowed; all that is written says so.
    """

    organisation: str
    benchmark: str
    model: Path
    board: str
    division: rules.Division = "open"
    status: str = "available"
    system: str | None = None
    given_weights: bool = False
    rehearsal: bool = False


def write_submission(store: Store, entry: Entry, folder: Path) -> Path:
    """Write one system's results on one benchmark beside what is in `folder` already.

    Args:
        store: Where the rows are.
        entry: What to submit.
        folder: Top of the submission.

    Returns:
        The folder of the results.

    Raises:
        InputError: The rules forbid it, something is missing, or these results are there already.
        StoreError: The answers to the samples are not in the store any more.
        BuildError: The compiler refused.
    """
    benchmark = rules.BENCHMARKS.get(entry.benchmark)
    if benchmark is None:
        known = ", ".join(rules.BENCHMARKS)
        raise InputError(f"unknown benchmark {entry.benchmark!r}; MLPerf Tiny's are {known}")
    row, history = _row(store, entry)
    rules.check_hardware(row, entry.rehearsal)
    rules.check_windows(row)
    assert row.outputs_sha256 is not None
    answers = Accuracy.from_csv(store.artifacts.read(row.outputs_sha256).decode())
    rules.check_samples(row, benchmark, answers)
    rules.check_division(row, history, benchmark, entry.division, entry.given_weights)
    system = _name("system", (entry.system or row.kind) + ("-virtual" if row.virtual else ""))
    submitter = folder / entry.division / _name("organisation", entry.organisation)
    description = system_json(row, entry.organisation, entry.division, entry.status)
    _same_or_new(submitter / "systems" / f"{system}.json", description)
    results = submitter / "results" / system / benchmark.name
    code = submitter / "code" / benchmark.name / f"{_IMPLEMENTATION}-{system}"
    for target in (results, code):
        if target.exists():
            raise InputError(f"{target} is there already; remove it, or give another folder or --system")
    ensure_writable(folder)
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=folder) as name:
        made = Path(name)
        image = rebuild(row, benchmark, entry.model, made / "build")
        rules.check_whole(image, entry.division)
        write_code(row, image, entry.model, made / "code")
        parts = {
            "performance": performance_files(row, benchmark, answers),
            "accuracy": accuracy_files(row, benchmark, answers, image.output),
        }
        energy = rules.choose_energy_row([old for old in history if old.board == row.board])
        if energy is not None:
            parts["energy"] = energy_files(energy)
        for part, files in parts.items():
            (made / "results" / part).mkdir(parents=True)
            for file, content in files.items():
                (made / "results" / part / file).write_text(content)
        (submitter / "systems").mkdir(parents=True, exist_ok=True)
        (submitter / "systems" / f"{system}.json").write_text(description)
        _move(made / "code", code)
        _move(made / "results", results)  # last: with it the entry is complete
    return results


def _row(store: Store, entry: Entry) -> tuple[Measurement, list[Measurement]]:
    """The row to submit, and all rows of the same model."""
    if entry.board.startswith("port:"):
        raise InputError(
            f"{entry.board} runs firmware that was not built here, so its code and system are not known; "
            "submit what was measured with `harness bench`"
        )
    try:
        sha256 = hashlib.sha256(entry.model.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"cannot read the model {entry.model}: {error.strerror}") from error
    history = store.measurements(model_sha256=sha256)
    on_board = [row for row in history if row.board == entry.board and row.kind in kind_names()]
    command = f"harness bench {entry.model} --board {entry.board} " + (
        "--task kws --data-dir FOLDER" if entry.benchmark == "kws" else "--samples FOLDER"
    )
    row = rules.choose_row(on_board, f"{entry.model.name} on {entry.board}", command)
    return replace(row, model_name=row.candidate or row.model_name), history


def _name(what: str, text: str) -> str:
    if not _NAME.fullmatch(text):
        raise InputError(
            f"{what} {text!r} is no name of a folder; use letters, digits and - _ . + without spaces"
        )
    return text


def _same_or_new(path: Path, content: str) -> None:
    if path.is_file() and path.read_text() != content:
        raise InputError(f"{path} describes another system; give this one another name with --system")


def _move(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)
    except OSError as error:
        raise InputError(f"cannot write {target}: {error.strerror}") from error
