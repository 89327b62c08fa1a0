"""The one door to everything stored."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.config.paths import ensure_writable, results_dir
from harness.errors import InputError
from harness.store import measurements, stages, studies
from harness.store.artifacts import Artifacts
from harness.store.db import Database
from harness.store.measurements import Measurement
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
        if not create and not (self.folder / _FILE).is_file():
            raise InputError(f"no results in {self.folder}: measure something first or name another folder")
        ensure_writable(self.folder)
        self._database = Database(self.folder / _FILE)
        self.artifacts = Artifacts(self.folder / "artifacts")

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

    def frame(self, study: str | None = None) -> "pd.DataFrame":
        """The rows of a study (or all) as a typed frame; see `harness.store.frames`."""
        from harness.store import frames

        return frames.frame(self.measurements(study))

    def export_csv(self, study: str | None, path: Path) -> Path:
        """Write the rows of a study (or all) as CSV.

        Raises:
            InputError: There is no such study, or the file cannot be written.
        """
        from harness.store import frames

        if study is not None:
            self.study(study)
        return frames.write_csv(self.frame(study), path)

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
