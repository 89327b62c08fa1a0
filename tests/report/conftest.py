"""A store with a finished study, one with what may be submitted, and a headless browser."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.config.kinds import load_kind
from harness.firmware import Image, build_image
from harness.report import submission
from harness.store import Store
from harness.tasks.framework import load_keras, seeded
from tests.firmware import models
from tests.report.shelf import Shelf

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


@pytest.fixture(scope="package")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    layers = load_keras().layers
    with seeded(3):
        inputs = layers.Input((49, 10, 1))
        x = layers.Dense(12, activation="softmax")(layers.Flatten()(inputs))
    folder = tmp_path_factory.mktemp("model")
    return models.write(load_keras().Model(inputs, x), folder / "tiny_kws.tflite")


@pytest.fixture(scope="package")
def image(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Image:
    return build_image(model, load_kind("nrf52840-dk"), tmp_path_factory.mktemp("built"), model_id="kws01")


@pytest.fixture
def workshop(tmp_path: Path, model: Path, image: Image) -> Iterator[Shelf]:
    made = Shelf(tmp_path, model, image)
    yield made
    made.store.close()


@pytest.fixture
def shelf(workshop: Shelf, image: Image, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """As `workshop`, but the image is not compiled once more."""
    monkeypatch.setattr(submission, "rebuild", lambda *_: image)
    return workshop
