"""The plan file: what to measure every night, on which boards, and how much worse is too much."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from harness.config.kinds import describe_validation
from harness.errors import InputError
from harness.store import HEALTH

Mode = Literal["all", "performance", "accuracy", "memory", "energy", "profile"]

_Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]


class Thresholds(BaseModel):
    """How much worse than its history a figure may be.

    Attributes:
        latency_percent: Latency, in percent of the history's median.
        flash_bytes_percent: Flash.
        ram_bytes_percent: RAM.
        accuracy_points: Accuracy, in percentage points. A drop counts where the 95 % interval of the new
            figure excludes the old one too; only rows of as many samples of the same split are compared.
        history: Good rows that make up the history, the newest ones.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_percent: float = Field(default=2.0, ge=0, allow_inf_nan=False)
    flash_bytes_percent: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    ram_bytes_percent: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    accuracy_points: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    history: int = Field(default=5, ge=1)


class Job(BaseModel):
    """One model, or what a study chose, to measure on some boards.

    Attributes:
        name: In reports; the key of its history.
        model: The `.tflite` file; in the file relative to the plan.
        study: In its place, a study of the store: each board measures the candidate chosen for it.
        boards: Units, by name.
        modes: What to measure, one run each; `all` is latency, memory, and accuracy where there is a task.
        task: Whose data to measure accuracy with; none, no accuracy.
        data_dir: Where that data is; in the file relative to the plan.
        samples: Most samples to ask.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Name
    model: Path | None = None
    study: _Name | None = None
    boards: tuple[_Name, ...] = Field(min_length=1)
    modes: tuple[Mode, ...] = Field(default=("all",), min_length=1)
    task: _Name | None = None
    data_dir: Path | None = None
    samples: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _sound(self) -> "Job":
        if len(set(self.boards)) < len(self.boards):
            raise ValueError("a board is named twice")
        if len(set(self.modes)) < len(self.modes):
            raise ValueError("a mode is named twice")
        if (self.model is None) == (self.study is None):
            raise ValueError("give either a model or a study")
        if "accuracy" in self.modes and self.task is None:
            raise ValueError("the mode accuracy needs a task")
        if self.task is None and (self.data_dir is not None or self.samples is not None):
            raise ValueError("data_dir and samples say nothing without a task")
        return self


class Plan(BaseModel):
    """What a night consists of.

    Attributes:
        jobs: In the order they run; boards run theirs at the same time.
        thresholds: For all jobs.
        retries: How often a measurement that the bench failed is tried again.
        rules: How latency is measured: `quick`, or by MLPerf Tiny's rules.
        budget_minutes: What the night may take; what has not been measured then is skipped.
        wait_s: How long to wait for a board that is in use.
        quarantine_after: A board that failed so often in a row, over nights too, is set aside.
        keep_nights: Of how many nights the report files are kept.
        notify: Command that gets the night's one-line summary as its last argument.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    jobs: tuple[Job, ...] = Field(min_length=1)
    thresholds: Thresholds = Thresholds()
    retries: int = Field(default=1, ge=0, le=10)
    rules: Literal["quick", "mlperf-tiny"] = "quick"
    budget_minutes: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    wait_s: float = Field(default=60.0, ge=0, allow_inf_nan=False)
    quarantine_after: int = Field(default=3, ge=1)
    keep_nights: int = Field(default=30, ge=1)
    notify: _Name | None = None

    @model_validator(mode="after")
    def _sound(self) -> "Plan":
        names = [job.name for job in self.jobs]
        if len(set(names)) < len(names):
            raise ValueError("two jobs have the same name")
        if HEALTH in names:
            raise ValueError(f"no job can be called {HEALTH!r}")
        return self

    @property
    def boards(self) -> tuple[str, ...]:
        """All boards of its jobs, each once."""
        return tuple(dict.fromkeys(board for job in self.jobs for board in job.boards))

    def work_of(self, board: str) -> list[tuple[Job, Mode]]:
        """What a board has to measure, in its order."""
        return [(job, mode) for job in self.jobs if board in job.boards for mode in job.modes]


def read_plan(path: Path) -> Plan:
    """Read and check a plan. Its relative paths count from the plan's own folder.

    Raises:
        InputError: The file cannot be read, is not TOML, has a key that is wrong, missing or unknown,
            or names a model or folder that is not there.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        plan = Plan(**content)
    except OSError as error:
        raise InputError(f"cannot read the plan {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not valid TOML: {error}") from error
    except (ValidationError, TypeError) as error:
        raise InputError(f"{path}: {describe_validation(error)}") from error
    return plan.model_copy(update={"jobs": tuple(_located(job, path) for job in plan.jobs)})


def _located(job: Job, plan: Path) -> Job:
    folder = plan.resolve().parent
    found: dict[str, Any] = {}
    if job.model is not None:
        found["model"] = folder / job.model
        if not found["model"].is_file():
            raise InputError(f"{plan}: job {job.name!r}: key 'model': there is no file {found['model']}")
    if job.data_dir is not None:
        found["data_dir"] = folder / job.data_dir
        if not found["data_dir"].is_dir():
            raise InputError(
                f"{plan}: job {job.name!r}: key 'data_dir': there is no folder {found['data_dir']}"
            )
    return job.model_copy(update=found)
