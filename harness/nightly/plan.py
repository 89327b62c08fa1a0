"""The plan file: what to measure every night, on which boards, and how much worse is too much."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from harness.config.kinds import describe_validation
from harness.errors import InputError

_Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]


class Thresholds(BaseModel):
    """How much worse than its history a figure may be.

    Attributes:
        latency_percent: Latency, in percent of the history's median.
        flash_bytes_percent: Flash.
        ram_bytes_percent: RAM.
        accuracy_points: Accuracy, in percentage points; only rows of as many samples of the same split
            count.
        history: Good rows that make up the history, the newest ones.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_percent: float = Field(default=2.0, ge=0, allow_inf_nan=False)
    flash_bytes_percent: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    ram_bytes_percent: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    accuracy_points: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    history: int = Field(default=5, ge=1)


class Job(BaseModel):
    """One model to measure on some boards.

    Attributes:
        name: In reports.
        model: The `.tflite` file; in the file relative to the plan.
        boards: Units, by name.
        task: Whose data to measure accuracy with; none, no accuracy.
        data_dir: Where that data is; in the file relative to the plan.
        samples: Most samples to ask.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Name
    model: Path
    boards: tuple[_Name, ...] = Field(min_length=1)
    task: _Name | None = None
    data_dir: Path | None = None
    samples: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _sound(self) -> "Job":
        if len(set(self.boards)) < len(self.boards):
            raise ValueError("a board is named twice")
        if self.task is None and (self.data_dir is not None or self.samples is not None):
            raise ValueError("data_dir and samples say nothing without a task")
        return self


class Plan(BaseModel):
    """What a night consists of.

    Attributes:
        jobs: In the order they run.
        thresholds: For all jobs.
        retries: How often a measurement that the bench failed is tried again.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    jobs: tuple[Job, ...] = Field(min_length=1)
    thresholds: Thresholds = Thresholds()
    retries: int = Field(default=1, ge=0, le=10)

    @model_validator(mode="after")
    def _sound(self) -> "Plan":
        names = [job.name for job in self.jobs]
        if len(set(names)) < len(names):
            raise ValueError("two jobs have the same name")
        return self


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
    found: dict[str, Any] = {"model": folder / job.model}
    if not found["model"].is_file():
        raise InputError(f"{plan}: job {job.name!r}: key 'model': there is no file {found['model']}")
    if job.data_dir is not None:
        found["data_dir"] = folder / job.data_dir
        if not found["data_dir"].is_dir():
            raise InputError(
                f"{plan}: job {job.name!r}: key 'data_dir': there is no folder {found['data_dir']}"
            )
    return job.model_copy(update=found)
