"""Plan files: what is read, and that each fault names file, key and value."""

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.nightly import Plan, Thresholds, read_plan

GOOD = """
retries = 2

[thresholds]
latency_percent = 3.5

[[jobs]]
name = "kws"
model = "models/kws.tflite"
boards = ["desk-nrf52", "virtual:nrf51-dk"]
task = "kws"
data_dir = "data"
samples = 200

[[jobs]]
name = "ad"
model = "models/kws.tflite"
boards = ["desk-nrf52"]

[[jobs]]
name = "chosen"
study = "first"
boards = ["rack-1"]
modes = ["performance", "memory"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "models" / "kws.tflite").touch()
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "nightly.toml"
    path.write_text(text)
    return path


def test_plan_is_read_with_paths_from_its_folder(folder: Path) -> None:
    plan = read_plan(write(folder, GOOD))
    assert [job.name for job in plan.jobs] == ["kws", "ad", "chosen"]
    assert plan.boards == ("desk-nrf52", "virtual:nrf51-dk", "rack-1")
    assert (plan.jobs[2].study, plan.jobs[2].model) == ("first", None)
    assert [job.modes for job in plan.jobs] == [("all",), ("all",), ("performance", "memory")]
    assert plan.jobs[0].model == folder / "models" / "kws.tflite"
    assert plan.jobs[0].data_dir == folder / "data"
    assert plan.jobs[0].boards == ("desk-nrf52", "virtual:nrf51-dk")
    assert plan.jobs[1].samples is None
    assert plan.thresholds == Thresholds(latency_percent=3.5)
    assert plan.retries == 2


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("retries = 2", "retry = 2", "'retry' with value 2"),
        ("latency_percent = 3.5", "latency_percent = -1", "'thresholds.latency_percent' with value -1"),
        ("latency_percent = 3.5", "latency_percent = nan", "thresholds.latency_percent"),
        ('boards = ["desk-nrf52"]', "boards = []", "'jobs.1.boards'"),
        ('["desk-nrf52"]', '["a", "a"]', "a board is named twice"),
        ('["desk-nrf52"]', '[""]', "'jobs.1.boards.0' with value ''"),
        ('name = "ad"', 'name = "kws"', "two jobs have the same name"),
        ('task = "kws"\n', "", "say nothing without a task"),
        ("samples = 200", "samples = 0", "'jobs.0.samples' with value 0"),
        ("models/kws.tflite", "models/none.tflite", "job 'kws': key 'model': there is no file"),
        ('data_dir = "data"', 'data_dir = "none"', "key 'data_dir': there is no folder"),
        ("[[jobs]]", "[[jobs", "not valid TOML"),
        ('study = "first"', 'study = "first"\nmodel = "models/kws.tflite"', "either a model or a study"),
        ('study = "first"', "", "either a model or a study"),
        ('"memory"]', '"speed"]', "jobs.2.modes.1"),
        ('"memory"]', '"performance"]', "a mode is named twice"),
        ('"memory"]', '"accuracy"]', "needs a task"),
        ('name = "ad"', 'name = "health check"', "no job can be called"),
        ("retries = 2", "budget_minutes = 0", "'budget_minutes' with value 0"),
    ],
)
def test_faults_are_named(folder: Path, old: str, new: str, told: str) -> None:
    path = write(folder, GOOD.replace(old, new))
    with pytest.raises(InputError) as caught:
        read_plan(path)
    assert str(path) in str(caught.value)
    assert told in str(caught.value)


def test_plan_that_is_not_there_or_empty(folder: Path) -> None:
    with pytest.raises(InputError, match="cannot read the plan"):
        read_plan(folder / "none.toml")
    with pytest.raises(InputError, match="key 'jobs'"):
        read_plan(write(folder, ""))


def test_the_example_of_the_page_shows_the_defaults(folder: Path) -> None:
    from tests.docs.blocks import DOCS, file_block

    (folder / "kws.tflite").touch()
    plan = read_plan(write(folder, file_block(DOCS / "nightly.md", "nightly.toml")))
    without = {"jobs", "budget_minutes", "notify"}
    defaults = Plan(jobs=plan.jobs)
    assert plan.model_dump(exclude=without) == defaults.model_dump(exclude=without)
    assert plan.jobs[1].study == "first"
