"""Every refusal of the rules of a submission."""

from dataclasses import replace

import numpy as np
import pytest

from harness.errors import InputError
from harness.firmware import Image
from harness.report import submission
from tests.report.shelf import Shelf, answers


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"rules": "quick"}, "with --quick only; run `harness bench"),
        ({"outputs_sha256": None}, "no row with both latency and accuracy"),
        ({"latency_us": None}, "no row with both latency and accuracy"),
        ({"status": "failed"}, "has not been measured"),
        ({"fits": False}, "has not been measured"),
        ({"padding_bytes": 4}, "has not been measured"),
        ({"board": "other"}, "has not been measured"),
        ({"windows_us": (20_100.0,) * 3}, "3 windows and 5 are due"),
        ({"windows_us": (20_100.0,) * 6}, "6 windows and 5 are due"),
        ({"windows_us": (20_100.0,) * 4 + (19_900.0,)}, r"window of 9\.950 s and 10 s are due"),
        ({"windows_us": (2e6,) * 5, "iterations": 9}, "9 inferences a window and 10 are due"),
        ({"split": "test"}, "own test split"),
        ({"virtual": True}, "is emulated and its latency an estimate"),
    ],
)
def test_what_the_rules_forbid(shelf: Shelf, changes: dict[str, object], told: str) -> None:
    shelf.add(**changes)
    with pytest.raises(InputError, match=told):
        shelf.submit()
    assert not list(shelf.out.rglob("results.txt"))


def test_a_part_of_the_samples_is_refused(shelf: Shelf) -> None:
    shelf.add(answers(200))
    with pytest.raises(InputError, match="answers to 200 files and 1,000 are due"):
        shelf.submit()


def test_a_sample_asked_twice_is_refused(shelf: Shelf) -> None:
    asked = answers()
    shelf.add(replace(asked, names=(*asked.names, asked.names[0]), labels=np.append(asked.labels, 0),
                      outputs=np.vstack([asked.outputs, asked.outputs[:1]])))  # fmt: skip
    with pytest.raises(InputError, match="same sample twice"):
        shelf.submit()


def test_another_benchmark_s_samples_are_refused(shelf: Shelf) -> None:
    shelf.add()
    with pytest.raises(InputError, match="vww01 has 2 classes"):
        shelf.submit(benchmark="vww")


def test_one_name_for_two_systems_is_refused(shelf: Shelf) -> None:
    shelf.add()
    shelf.submit()
    with pytest.raises(InputError, match="describes another system"):
        shelf.submit(status="preview")


def test_closed_needs_the_given_weights(shelf: Shelf) -> None:
    shelf.add()
    with pytest.raises(InputError, match=r"not kws01's reference model.*--given-weights"):
        shelf.submit(division="closed")
    assert shelf.submit(division="closed", given_weights=True).is_relative_to(shelf.out / "closed")


def test_pruned_in_closed_is_refused_whoever_says_what(shelf: Shelf) -> None:
    shelf.add()
    # The same file was once a candidate of a study, on another board.
    shelf.add(board="other", candidate="b2-aux", cut="activation_4", head="aux")
    with pytest.raises(InputError, match=r"pruned .*closed division forbids"):
        shelf.submit(division="closed", given_weights=True)
    assert shelf.submit().is_relative_to(shelf.out / "open")


def test_closed_takes_no_image_that_leaves_weights_out(
    shelf: Shelf, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    smaller = replace(image, nominal_macs=image.macs + 1200)
    monkeypatch.setattr(submission, "rebuild", lambda *_: smaller)
    shelf.add()
    with pytest.raises(InputError, match="leaves out 1,200 of the model's"):
        shelf.submit(division="closed", given_weights=True)
    assert not list(shelf.out.iterdir())
    shelf.submit()


def test_closed_has_a_target(shelf: Shelf) -> None:
    shelf.add(accuracy=0.8995)
    with pytest.raises(InputError, match=r"accuracy that is 0\.8995 and the closed division asks for 0\.9"):
        shelf.submit(division="closed", given_weights=True)
    shelf.submit()


@pytest.mark.parametrize("name", ["", "a b", "../x", "x/y", ".hidden"])
def test_names_of_folders_are_checked(shelf: Shelf, name: str) -> None:
    shelf.add()
    with pytest.raises(InputError, match="no name of a folder"):
        shelf.submit(organisation=name)


def test_firmware_of_others_is_not_submitted(shelf: Shelf) -> None:
    with pytest.raises(InputError, match="not built here"):
        shelf.submit(board="port:/dev/ttyACM0")
