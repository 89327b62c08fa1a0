"""What the harness promises under faults, the same for every kind; and of a real board with `pytest --board UNIT`."""

from pathlib import Path

import pytest

from harness.bench import open_board
from harness.dut.doctor import examine
from harness.store import Measurement
from tests.conformance.conftest import KINDS
from tests.conformance.promises import (
    FAULTS,
    Fault,
    figures,
    measure,
    replaced_program_is_noticed,
    wrong_figures,
)

# All faults on one kind; on the others what depends on the chip, and the rest with the long tests.
FIRST = "nrf52840-dk"
EVERYWHERE = ("none", "wrong-chip", "dead-timer")


def _marks(kind: str, fault: Fault) -> list[pytest.MarkDecorator]:
    if kind != FIRST and fault.name not in EVERYWHERE:
        return [pytest.mark.long]
    return [pytest.mark.slow] if fault.slow else []


CASES = [
    pytest.param(
        kind,
        fault,
        id=f"{kind}-{fault.name}",
        marks=_marks(kind, fault),
    )
    for kind in KINDS
    for fault in FAULTS
]


@pytest.mark.parametrize(("kind", "fault"), CASES)
def test_row_is_right_or_says_what_is_wrong(
    kind: str, fault: Fault, sound: Measurement, digits_model: Path, results: Path
) -> None:
    outcome = measure(digits_model, fault.board(kind), results)
    assert not wrong_figures(outcome, sound), outcome
    assert (outcome.error or "right") in fault.promise.split("|"), outcome
    if not outcome.error:
        assert outcome.row is not None and figures(outcome.row) == figures(sound)


@pytest.mark.parametrize("kind", [FIRST])
def test_stale_program_is_refused_with_both_values(
    kind: str, sound: Measurement, digits_model: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.tflite"
    content = bytearray(digits_model.read_bytes())
    position = content.rindex(b"\x00\x00\x00\x00")  # in no tensor's data, so the model stays one
    content[position] = 0
    other.write_bytes(bytes(content) + b"\x00")
    message = replaced_program_is_noticed(kind, digits_model, other, tmp_path)
    assert "the running image has" in message and "the flashed one" in message


def test_real_board(
    request: pytest.FixtureRequest, digits_model: Path, digits_cache: Path, results: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A unit of the bench file is sound by the same measures: examined, measured twice, both times the same."""
    unit = request.config.getoption("--board")
    if unit is None:
        pytest.skip("no real board was named; give --board UNIT")
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(digits_cache))
    rows = []
    for _ in range(2):
        outcome = measure(digits_model, unit, results)
        assert outcome.row is not None and not outcome.error, outcome
        rows.append(outcome.row)
    first, second = map(figures, rows)
    assert first.pop("cycles") == pytest.approx(second.pop("cycles"), rel=1e-3)
    assert first.pop("latency_us") == pytest.approx(second.pop("latency_us"), rel=1e-3)
    assert first == second
    with open_board(unit) as board:
        assert [check for check in examine(board) if check.verdict != "good"] == []
    # The same image gives the same outputs on the virtual board of the kind.
    emulated = measure(digits_model, f"virtual:{rows[0].kind}", results).row
    assert emulated is not None and emulated.outputs_sha256 == rows[0].outputs_sha256
