"""The table over folds pools answers by sample and compares them in pairs."""

import pytest

from benchmarks.folds import pooled, table
from harness.errors import InputError

FOUND = {
    "unpruned": {"f0": (True, True, False, True), "f1": (True, False)},
    "cut": {"f0": (True, False, False, True), "f1": (True, True)},
    "half": {"f0": (True, True, True, True)},
}


def test_answers_of_all_folds_count_together() -> None:
    frame = table(FOUND, ["f0", "f1"]).set_index("candidate")
    assert list(frame.index) == ["unpruned", "cut"]  # what one fold lacks is left out
    assert frame.loc["cut", "samples"] == "6"
    assert frame.loc["cut", "accuracy %"].startswith("66.7 (")
    # One sample lost, another won.
    assert frame.loc["cut", "points behind"].startswith("0.0 (")
    assert frame.loc["cut", "of each fold %"] == "50.0, 100.0"
    assert pooled(FOUND["cut"], ["f1", "f0"]).tolist() == [True, True, True, False, False, True]


def test_another_candidate_may_be_the_one_to_beat() -> None:
    frame = table(FOUND, ["f0", "f1"], "cut").set_index("candidate")
    assert frame.loc["cut", "points behind"] == ""
    assert frame.loc["unpruned", "points behind"].startswith("0.0 (")
    with pytest.raises(InputError, match="answers of half"):
        table(FOUND, ["f0", "f1"], "half")


def test_without_the_unpruned_network_there_is_nothing_to_compare_with() -> None:
    with pytest.raises(InputError, match="unpruned"):
        table({"cut": FOUND["cut"]}, ["f0", "f1"])
