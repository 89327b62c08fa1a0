"""The image of a submission is built as the measured one was."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.report import submission_system
from harness.report.submission_rules import BENCHMARKS
from tests.store.rows import row


@pytest.mark.parametrize("whole", [True, False, None])
def test_an_image_keeps_its_channels_where_the_measured_one_did(
    whole: bool | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(*_: Any, whole: bool, **__: Any) -> Any:
        return SimpleNamespace(build_id="whole" if whole else "less")

    monkeypatch.setattr(submission_system, "build_image", build)
    measured = row(kind="nrf52840-dk", build_id="whole" if whole else "less", whole=whole)
    image = submission_system.rebuild(measured, BENCHMARKS["kws"], tmp_path / "m.tflite", tmp_path)
    assert image.build_id == measured.build_id
