"""The choice from measured rows."""

import pytest

from harness.errors import InputError
from harness.search import Limits
from harness.search.decide import by_promise, decide
from tests.store.rows import row as make_row


def row(candidate, latency_ms, accuracy, *, flash_kb=30, ram_kb=10, samples=1000, **more):
    return make_row(
        candidate=candidate,
        latency_us=latency_ms * 1e3,
        accuracy=accuracy,
        flash_bytes=flash_kb * 1024,
        ram_bytes=ram_kb * 1024,
        samples=samples,
        fits=True,
        **more,
    )


def rows(*items):
    return {item.candidate: item for item in items}


def test_the_fastest_within_the_drop_wins():
    decision = decide(
        "desk",
        rows(row("unpruned", 100, 0.90), row("a", 80, 0.885), row("b", 60, 0.87), row("c", 70, 0.88)),
        Limits(max_accuracy_drop=2.0),
        {1000: 0.90},
    )
    assert decision.candidate == "c"
    assert decision.verdicts["b"] == "3.00 points less accurate, 2 allowed"
    assert decision.verdicts["c"] == "chosen"
    assert decision.verdicts["a"] == "within limits, 1.14 x the time"
    assert "1.43 times as fast as the unpruned model" in decision.sentence
    assert "-2.00 points against it" in decision.sentence


def test_the_drop_counts_on_the_same_samples():
    candidates = rows(row("unpruned", 100, 0.90), row("few", 50, 0.80, samples=10))
    assert by_promise(candidates, Limits(max_accuracy_drop=2.0), {1000: 0.90, 10: 0.80}) == [
        "few",
        "unpruned",
    ]
    assert by_promise(candidates, Limits(max_accuracy_drop=2.0), {1000: 0.90}) == ["unpruned"]


@pytest.mark.parametrize(
    ("limits", "verdict"),
    [
        (Limits(max_latency_ms=9.9), "over 9.9 ms"),
        (Limits(max_flash_kb=29), "over 29 KB of flash"),
        (Limits(max_ram_kb=9), "over 9 KB of RAM"),
        (Limits(min_accuracy=0.91), "accuracy under 91.00 %"),
    ],
)
def test_each_limit_is_kept(limits, verdict):
    decision = decide("desk", rows(row("only", 10, 0.9)), limits, {})
    assert decision.candidate is None
    assert decision.verdicts["only"] == verdict
    assert "No candidate meets the limits on desk" in decision.sentence


def test_what_does_not_fit_or_failed_is_told_apart():
    unfit = make_row(
        candidate="big", fits=False, unfit_memory="ram", needed_bytes=84_596, available_bytes=32_768
    )
    failed = make_row(candidate="flaky", status="failed", failure="LinkError: desk: silent")
    decision = decide("desk", rows(unfit, failed, row("ok", 10, 0.9)), Limits(), {})
    assert decision.candidate == "ok"
    assert decision.verdicts["big"] == "needs 84,596 bytes of ram, the board has 32,768"
    assert decision.verdicts["flaky"] == "not measured: LinkError: desk: silent"
    assert decision.facts["measured"] == 2


def test_equal_times_go_to_the_smaller_image():
    decision = decide(
        "desk", rows(row("a", 10, 0.9, flash_kb=31), row("b", 10, 0.9, flash_kb=30)), Limits(), {}
    )
    assert decision.candidate == "b"


@pytest.mark.parametrize(
    "wrong", [{"max_latency_ms": -1}, {"max_flash_kb": float("nan")}, {"min_accuracy": 1.5}]
)
def test_impossible_limits_are_refused(wrong):
    with pytest.raises(InputError, match="--"):
        Limits(**wrong)
