"""What the threads of a search were at adds up to its time."""

from pathlib import Path

import pytest

from benchmarks.activities import TRAINER, Activities
from harness.search.models import ModelShop
from harness.store import Store


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in seconds, in a list of one."""
    now = [0.0]
    monkeypatch.setattr("benchmarks.activities.time.perf_counter", lambda: now[0])
    return now


def test_a_board_is_at_a_phase_until_the_next(clock: list[float]) -> None:
    activities = Activities()
    for at, phase in ((0.0, "build"), (2.0, "flash"), (3.0, "accuracy"), (4.0, "accuracy"), (9.0, "build")):
        clock[0] = at
        activities.measuring("desk", "block1-aux", phase, 0, 1)
    activities.measuring("other", "block1-aux", "build", 0, 1)
    assert activities.seconds == {("desk", "build"): 2.0, ("desk", "flash"): 1.0, ("desk", "accuracy"): 6.0}


def test_the_trainers_time_is_what_stages_say_and_the_rest(
    clock: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(shop: ModelShop, store: Store) -> str:
        clock[0] += 10.0
        store.finish_stage("ab" * 32, {}, {"train_s": 6.0, "quantize_s": 1.0})
        return "made"

    monkeypatch.setattr(ModelShop, "make", make)
    shop, activities = ModelShop.__new__(ModelShop), Activities()
    with Store(tmp_path) as store, activities.watching():
        assert shop.make(store) == "made"
        clock[0] += 5.0
    assert activities.wall_s == 15.0
    assert sum(activities.seconds.values()) == 10.0
    assert activities.seconds[TRAINER, "training"] == 6.0
    columns = [list(column.cells) for column in activities.table().columns]
    assert columns[1][-1] == "waiting"
    assert columns[2] == ["6", "1", "3", "5"]
    assert ModelShop.make is make  # nothing is left of the watching
