"""A store with a finished study, and a headless browser."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.store import Store

Browse = Callable[[Path], tuple[str, list[str]]]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, charts_cache: Path) -> Iterator[Store]:
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(charts_cache))
    with Store(tmp_path / "results") as opened:
        yield opened


@pytest.fixture(scope="session")
def charts_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests, so that the chart script is made once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def browse(tmp_path: Path) -> Browse:
    """Opens a file in Chromium without a network; gives the page it became and what its console said."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("needs Chromium")

    def opened(path: Path) -> tuple[str, list[str]]:
        done = subprocess.run(
            [
                program,
                *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
                *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
                *(f"--user-data-dir={tmp_path / 'browser'}", "--virtual-time-budget=8000"),
                *("--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--dump-dom"),
                path.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=90,
            check=True,
        )
        console = re.findall(r":CONSOLE[:(]\d+[)\]]+ (.*)", done.stderr)
        return done.stdout, console

    return opened
