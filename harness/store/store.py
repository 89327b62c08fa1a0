"""The one door to everything stored."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.config.paths import ensure_writable, results_dir
from harness.errors import InputError
from harness.store import measurements, nights, stages, studies
from harness.store.artifacts import Artifacts
from harness.store.db import Database
from harness.store.measurements import Measurement
from harness.store.nights import Night, NightResult
from harness.store.stages import Stage
from harness.store.studies import Decision, Study

if TYPE_CHECKING:
    import pandas as pd

_FILE = "harness.sqlite"


class Store:
    """Measurements, studies, finished stages and artifacts in one folder.

    Safe for several threads and processes at once, and against `kill -9` at any moment. Every method
    raises `StoreError` when the disk or the database fails.

    Attributes:
        folder: Where it all lies.
        artifacts: The files.
    """

    def __init__(self, folder: Path | None = None, *, create: bool = True) -> None:
        """Open the store.

        Args:
            folder: By default the results folder of the environment.
            create: Whether to make a store where none is; readers say False.

        Raises:
            InputError: There is none and none is to be made, or the folder cannot be written to.
            StoreError: The database is damaged, from a newer harness, or stays locked.
        """
        self.folder = folder if folder is not None else results_dir()
        if not create and not self.is_in(self.folder):
            raise InputError(f"no results in {self.folder}: measure something first or name another folder")
        ensure_writable(self.folder)
        self._database = Database(self.folder / _FILE)
        self.artifacts = Artifacts(self.folder / "artifacts")

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Whether a folder has a store."""
        return (folder / _FILE).is_file()

    def __reduce__(self) -> tuple[type["Store"], tuple[Path]]:
        return Store, (self.folder,)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close this process's connection."""
        self._database.close()

    def add(self, measurement: Measurement) -> Measurement:
        """Append a row; gives it back with its id."""
        return measurements.insert(self._database, measurement)

    def measurements(self, study: str | None = None, **filters: object) -> list[Measurement]:
        """Rows, oldest first.

        Args:
            study: Only those of this study.
            filters: Only those with this `board`, `kind`, `run_id`, `model_name`, `model_sha256`,
                `candidate`, `mode` or `status`.
        """
        return measurements.select(self._database, {"study": study, **filters})

    def measurement(self, row_id: int) -> Measurement:
        """The row with this id.

        Raises:
            InputError: There is none.
        """
        return measurements.load(self._database, row_id)

    def frame(self, study: str | None = None, **filters: object) -> "pd.DataFrame":
        """The rows of a study (or all) as a typed frame; see `harness.store.frames`.

        Args:
            study: Only those of this study.
            filters: As in `measurements`.
        """
        from harness.store import frames

        return frames.frame(self.measurements(study, **filters))

    def export_csv(self, study: str | None, path: Path, **filters: object) -> int:
        """Write the rows of a study (or all) as CSV; gives how many there are.

        Args:
            study: Only those of this study.
            path: The file.
            filters: As in `measurements`.

        Raises:
            InputError: There is no such study, or the file cannot be written.
        """
        from harness.store import frames

        if study is not None:
            self.study(study)
        table = self.frame(study, **filters)
        frames.write_csv(table, path)
        return len(table)

    def texts(self) -> Iterator[str]:
        """Every text in the database, of whatever table and column."""
        for table in self._database.query("SELECT name FROM sqlite_schema WHERE type = 'table'"):
            for row in self._database.query(f'SELECT * FROM "{table["name"]}"'):
                yield from (value for value in tuple(row) if isinstance(value, str))

    def open_study(self, name: str, task: str, options: Mapping[str, Any]) -> Study:
        """Start or continue a study.

        Raises:
            InputError: The name cannot be used, or the study was begun with another task or option.
        """
        return studies.open_study(self._database, name, task, options)

    def study(self, name: str) -> Study:
        """The study called `name`, with its decisions.

        Raises:
            InputError: There is none.
        """
        return studies.load_study(self._database, name)

    def studies(self) -> list[Study]:
        """All studies, newest first."""
        return studies.list_studies(self._database)

    def set_status(self, study: str, status: str) -> None:
        """Record how a study stands."""
        studies.set_status(self._database, study, status)

    def save_decision(self, study: str, board: str, decision: Decision) -> None:
        """Record what a study decided for a board, in place of an earlier decision."""
        studies.save_decision(self._database, study, board, decision)

    def stage(self, key: str) -> Stage | None:
        """The finished stage under `key` (of `stage_key`), or None where it has to be run."""
        return stages.find(self._database, self.artifacts, key)

    def finish_stage(
        self, key: str, outputs: Mapping[str, str], facts: Mapping[str, Any] | None = None
    ) -> Stage:
        """Record a stage as done; gives what now stands, which another process may have made first.

        Args:
            key: Of `stage_key`.
            outputs: Name -> SHA-256 as `artifacts.put` gave it.
            facts: JSON values.
        """
        return stages.finish(self._database, self.artifacts, key, outputs, facts or {})

    def begin_night(self, plan: str, revision: str | None) -> int:
        """Record that a night has begun; gives its number.

        Args:
            plan: Path of the plan file.
            revision: Git commit of the plan's folder, if it has one.
        """
        return nights.begin(self._database, plan, revision)

    def add_night_result(self, night: int, result: NightResult) -> None:
        """Append what one job or health check of a night gave."""
        nights.add_result(self._database, night, result)

    def end_night(self, night: int, exit_code: int, summary: str) -> None:
        """Record how a night ended."""
        nights.end(self._database, night, exit_code, summary)

    def nights(self, last: int | None = None) -> Sequence[Night]:
        """The last nights with their results (or all), newest first."""
        return nights.load(self._database, last)

    def good_rows(self, job: str, board: str, mode: str) -> list[tuple[Measurement, str | None]]:
        """Good rows of a job on a board, oldest first, each with the git commit of its night.

        They begin with the last one that was accepted as the new normal, if any was.
        """
        found = nights.good(self._database, job, board, mode)
        return [(self.measurement(row_id), revision) for row_id, revision in found]

    def faults_in_a_row(self, board: str) -> int:
        """How often a board has failed, over nights, since it last finished a job."""
        return nights.faults_in_a_row(self._database, board)

    def accept_night_results(self, job: str, board: str | None) -> int:
        """Let the newest result of a job that got worse be the new normal.

        Args:
            job: Its name.
            board: Only on this board; None for all.

        Returns:
            How many results were accepted.
        """
        return nights.accept(self._database, job, board)
