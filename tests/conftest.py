"""Fixtures of the whole suite."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with the real data sets and models; skips where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data sets are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def digits_reference(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The trained reference network of the digits task, kept between test runs in pytest's cache."""
    from harness.tasks import load_reference, load_task

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_CACHE_DIR", str(request.config.cache.mkdir("harness")))
        yield load_reference(load_task("digits"))
