"""The choice from measured rows."""

from typing import Any

import numpy as np
import pytest

from harness.errors import InputError
from harness.search import Limits
from harness.search.compare import explain_differences
from harness.search.decide import decide, feasible
from harness.search.evidence import Evidence, Standard
from harness.store import Measurement
from tests.store.rows import row as make_row

SAMPLES = 1000


def answers(right: int, asked: int = SAMPLES) -> Any:
    """As many right answers, spread evenly."""
    return np.diff(np.arange(asked + 1) * right // asked) > 0


def row(
    candidate: str, latency_ms: float, *, flash_kb: float = 30, ram_kb: float = 10, **more: Any
) -> Measurement:
    return make_row(
        **{
            "candidate": candidate,
            "latency_us": latency_ms * 1e3,
            "flash_bytes": int(flash_kb * 1024),
            "ram_bytes": int(ram_kb * 1024),
            "fits": True,
            **more,
        }
    )


def trained(candidate: str, latency_ms: float, right: int, asked: int = SAMPLES, **more: Any) -> Evidence:
    measured = row(candidate, latency_ms, accuracy=right / asked, samples=asked, **more)
    return Evidence(timing=measured, row=measured, right=answers(right, asked))


def untrained(candidate: str, latency_ms: float, **more: Any) -> Evidence:
    return Evidence(timing=row(candidate, latency_ms, accuracy=None, samples=None, trained=False, **more))


STANDARD = Standard(answers(900), SAMPLES)


def choose(limits: Limits, objective: str = "latency", **found: Evidence) -> Any:
    return decide("desk", found, limits, objective, STANDARD)


def test_the_fastest_within_the_drop_wins() -> None:
    decision = choose(
        Limits(max_accuracy_drop=2.0),
        unpruned=trained("unpruned", 100, 900),
        a=trained("a", 80, 885),
        b=trained("b", 60, 870),
        c=trained("c", 70, 880),
    )
    assert decision.candidate == "c"
    assert decision.verdicts["b"].startswith("3.0 (") and decision.verdicts["b"].endswith(
        ") points less accurate, 2 allowed"
    )
    assert decision.verdicts["a"] == "within limits, 1.14 x the time"
    assert "1.43 times as fast as the unpruned model" in decision.sentence
    assert "-2.00 points against it" in decision.sentence
    assert decision.facts["evidence"]["c"]["drop_points"] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("objective", "chosen"),
    [("latency", "fast"), ("flash", "small"), ("accuracy", "right"), ("pareto", "fast")],
)
def test_the_objective_decides(objective: str, chosen: str) -> None:
    decision = choose(
        Limits(),
        objective,
        fast=trained("fast", 10, 800, flash_kb=30),
        small=trained("small", 20, 790, flash_kb=20),
        right=trained("right", 30, 900, flash_kb=40),
    )
    assert decision.candidate == chosen
    assert decision.facts["front"] == ["fast", "right"]
    if objective == "pareto":
        assert decision.verdicts["right"] == "on the front"
        assert decision.verdicts["small"] == "within limits, fast is as fast and as accurate"


@pytest.mark.parametrize(
    ("limits", "verdict"),
    [
        (Limits(max_latency_ms=9), "10.00 ms, over 9 ms"),
        (Limits(max_flash_kb=29), "30.0 KB, over 29 KB of flash"),
        (Limits(max_ram_kb=9), "10.0 KB, over 9 KB of RAM"),
        (Limits(max_energy_uj=50), "60.0 uJ, over 50 uJ"),
        (Limits(min_accuracy=0.91), "accuracy 90.0 % (90.0 to 90.0), 91.00 % asked"),
    ],
)
def test_each_limit_is_kept_and_the_nearest_miss_named(limits: Limits, verdict: str) -> None:
    only = trained("only", 10, 900)
    only = Evidence(only.timing, only.row, only.right, energy=row("only", 10, energy_uj=60.0))
    decision = choose(limits, only=only, far=untrained("far", 100, flash_kb=99, ram_kb=99))
    assert decision.candidate is None
    assert decision.verdicts["only"] == verdict
    assert f"the nearest is only: {verdict}" in decision.sentence


def test_what_was_not_trained_is_never_chosen_and_limits_are_lenient_with_it() -> None:
    found = {"a": untrained("a", 10.1), "b": trained("b", 9.9, 900), "c": untrained("c", 11)}
    decision = decide("desk", found, Limits(max_latency_ms=10), "latency", STANDARD)
    assert decision.candidate == "b"
    assert decision.verdicts["c"] == "11.00 ms, over 10 ms"
    assert decision.verdicts["a"] == "not trained"


def test_the_drop_counts_on_the_same_samples() -> None:
    others = np.concatenate([np.zeros(10, np.bool_), np.ones(990, np.bool_)])
    # All of the first ten wrong, and so were the unpruned model's: no drop.
    few = Evidence(row=row("few", 10, accuracy=0.0, samples=10), right=np.zeros(10, np.bool_))
    rows = feasible({"few": few}, Limits(max_accuracy_drop=1.0), "latency", Standard(others, SAMPLES))
    assert [one.candidate for one in rows] == ["few"]


def test_a_drop_from_nothing_known_is_not_within_a_limit() -> None:
    found = {"a": trained("a", 10, 900)}
    nothing = Standard(None, SAMPLES)
    assert decide("desk", found, Limits(max_accuracy_drop=50), "latency", nothing).candidate is None
    assert decide("desk", found, Limits(min_accuracy=0.9), "latency", nothing).candidate == "a"
    assert decide("desk", found, Limits(min_accuracy=0.901), "latency", nothing).candidate is None


def test_what_does_not_fit_or_failed_is_told_apart() -> None:
    unfit = Evidence(
        timing=make_row(
            candidate="big", fits=False, unfit_memory="ram", needed_bytes=84_596, available_bytes=32_768
        )
    )
    failed = Evidence(timing=make_row(candidate="flaky", status="failed", failure="LinkError: desk: silent"))
    decision = choose(Limits(), big=unfit, flaky=failed, ok=trained("ok", 10, 900))
    assert decision.candidate == "ok"
    assert decision.verdicts["big"] == "needs 84,596 bytes of ram, the board has 32,768"
    assert decision.verdicts["flaky"] == "not measured: LinkError: desk: silent"


def test_equal_times_go_to_the_smaller_image() -> None:
    decision = choose(Limits(), a=trained("a", 10, 900, flash_kb=31), b=trained("b", 10, 900, flash_kb=30))
    assert decision.candidate == "b"


def test_boards_that_differ_say_why() -> None:
    m0 = choose(Limits(), a=trained("a", 50, 900), b=trained("b", 60, 900))
    m4 = choose(Limits(), a=trained("a", 7, 900), b=trained("b", 6, 900))
    assert explain_differences({"m0": m0, "m4": m4}) == (
        "The choices differ, a on m0 and b on m4: on m0 a takes 50.00 ms and b 60.00 ms, "
        "on m4 a takes 7.00 ms and b 6.00 ms."
    )
    assert explain_differences({"m0": m0, "other": m0}) is None


@pytest.mark.parametrize(
    "wrong", [{"max_latency_ms": -1}, {"max_flash_kb": float("nan")}, {"min_accuracy": 1.5}]
)
def test_impossible_limits_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="--"):
        Limits(**wrong)
