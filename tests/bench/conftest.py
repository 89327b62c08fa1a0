"""No test sets a board of the user's aside."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where boards in quarantine are remembered."""
    folder = tmp_path / "state"
    monkeypatch.setenv("HARNESS_STATE_DIR", str(folder))
    return folder
