"""What a run should take, by hand for round figures."""

from types import SimpleNamespace

import pytest

from harness.measure import MLPERF_TINY, PerformanceRules, predict

IMAGE = SimpleNamespace(
    macs=1_000_000,
    size=SimpleNamespace(flash_bytes=40_000),
    input=SimpleNamespace(size_bytes=27_648),
    output=SimpleNamespace(size_bytes=2),
)
M4 = SimpleNamespace(core="cortex-m4", clock_hz=64_000_000)


def _seconds(load: str, rules: PerformanceRules | None, samples: int, **known: float) -> dict[str, float]:
    return {item.phase: item.seconds for item in predict(IMAGE, M4, 115_200, load, samples, rules, **known)}


def test_pictures_by_serial_take_seconds_each_and_by_debug_port_a_third_of_one() -> None:
    strict = _seconds("serial-strict", None, 1000)["samples: load"]
    serial = _seconds("serial", None, 1000)["samples: load"]
    swd = _seconds("swd", None, 1000)["samples: load"]
    assert 5_800 < strict < 10_000  # 1,000 pictures of 55,296 characters and 892 answers
    assert 4_800 < serial < 5_500
    assert 300 < swd < 400


def test_windows_are_as_long_as_the_rules_make_them() -> None:
    assert _seconds("swd", MLPERF_TINY, 0, latency_us=1e5)["latency"] == pytest.approx(
        5 * (10 + 1 + 0.35), rel=0.01
    )
    slow = _seconds("swd", MLPERF_TINY, 0, latency_us=2e6)["latency"]
    assert slow == pytest.approx(5 * (20 + 20 + 0.35), rel=0.01)
    assert "samples: load" not in _seconds("swd", MLPERF_TINY, 0)


def test_what_is_not_known_is_estimated_and_said_to_be() -> None:
    (guess,) = [
        item for item in predict(IMAGE, M4, 115_200, "swd", 10, None) if item.phase == "samples: infer"
    ]
    assert "estimated" in guess.because and guess.seconds > 0
    assert "latency" not in _seconds("swd", None, 10)
