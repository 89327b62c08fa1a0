"""One sound row of each kind, that every other row is held against."""

from pathlib import Path

import pytest

from harness.config.kinds import kind_names, load_kind
from harness.store import Measurement
from tests.conformance.promises import measure

KINDS = [name for name in kind_names() if load_kind(name).virtual]


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store, in which images are built once."""
    return tmp_path_factory.mktemp("conformance") / "results"


@pytest.fixture(scope="session")
def sound_rows() -> dict[str, Measurement]:
    """Rows of sound boards by kind, as they are made."""
    return {}


@pytest.fixture
def sound(
    kind: str, digits_model: Path, digits_cache: Path, results: Path, sound_rows: dict[str, Measurement],
    monkeypatch: pytest.MonkeyPatch,
) -> Measurement:  # fmt: skip
    """The row of a sound board of `kind`."""
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(digits_cache))
    if kind not in sound_rows:
        outcome = measure(digits_model, f"virtual:{kind}", results)
        assert outcome.row is not None and not outcome.error, outcome
        sound_rows[kind] = outcome.row
    return sound_rows[kind]
