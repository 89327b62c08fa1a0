"""The newest row against its history."""

from typing import Any

import pytest

from harness.nightly import Thresholds
from harness.nightly.compare import compare, suspects
from tests.nightly.nights import row


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"latency_us": 1020.0}, []),
        ({"latency_us": 1021.0}, ["latency 1.02 ms, was 1.00 ms: +2.1 %, 2 % allowed"]),
        ({"flash_bytes": 50_500}, []),
        ({"flash_bytes": 50_600}, ["flash 49.4 KB, was 48.8 KB: +1.2 %, 1 % allowed"]),
        ({"ram_bytes": 30_000}, ["RAM 29.3 KB, was 19.5 KB: +50.0 %, 1 % allowed"]),
        ({"accuracy": 0.888}, []),  # its interval still holds 90 %
        (
            {"accuracy": 0.87},
            [
                "accuracy 87.00 % (95 % interval 84.77 % to 88.94 %), was 90.00 %: -3.00 points, 1 allowed",
            ],
        ),
        ({"accuracy": 0.5, "samples": 10}, []),
        ({"accuracy": 0.5, "split": "other"}, []),
        ({"latency_us": 500.0, "accuracy": 1.0, "flash_bytes": 1}, []),
        ({"latency_us": None, "accuracy": None, "flash_bytes": None, "ram_bytes": None}, []),
    ],
)
def test_thresholds(changes: dict[str, Any], told: list[str]) -> None:
    found = compare(row(**changes), [row()], Thresholds())
    assert [regression.sentence for regression in found] == told


def test_small_drop_counts_only_beyond_the_points_allowed() -> None:
    latest = row(accuracy=0.87)
    assert compare(latest, [row()], Thresholds(accuracy_points=3.0)) == []
    assert len(compare(latest, [row()], Thresholds(accuracy_points=2.9))) == 1


def test_history_is_the_median_of_the_last_rows_that_have_the_figure() -> None:
    history = [
        *(row(latency_us=1.0) for _ in range(10)),
        *(row(latency_us=latency) for latency in (1000.0, 5000.0, 1000.0)),
        row(latency_us=None),
    ]
    thresholds = Thresholds(history=3)
    assert compare(row(latency_us=1019.0), history, thresholds) == []
    assert len(compare(row(latency_us=1021.0), history, thresholds)) == 1


def test_no_history_no_regression() -> None:
    assert compare(row(latency_us=1e9), [], Thresholds()) == []


def test_image_that_no_longer_fits() -> None:
    unfit = row(fits=False, unfit_memory="ram", needed_bytes=40_000, available_bytes=32_768, latency_us=None)
    assert [item.sentence for item in compare(unfit, [row()], Thresholds())] == [
        "no longer fits: needs 40,000 bytes of ram, the board has 32,768"
    ]
    assert compare(unfit, [unfit], Thresholds()) == []


def test_suspects_are_what_differs_in_how_it_was_made() -> None:
    before = row(
        id=7, probe="p1", created_utc="2026-01-02T03:04:05.000+00:00", image_sha256="a" * 64, latency_us=1.0
    )
    now = row(id=9, probe="p2", image_sha256="b" * 64, compiler="zig 2", accuracy=0.1)
    assert suspects(now, "c" * 40, before, "d" * 40) == (
        f"since row 7 of 2026-01-02: commit {'d' * 12} -> {'c' * 12}, image_sha256 {'a' * 12} -> {'b' * 12}, "
        "compiler unknown -> zig 2"
    )
    real = {"virtual": False, "image_sha256": "a" * 64}
    assert "probe p1 -> p2" in suspects(row(probe="p2", **real), None, row(probe="p1", **real), None)
    assert suspects(before, None, before, None).endswith("the same image; look at the board")
