"""Fixtures of the whole suite."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# How long one example takes says how busy the computer is.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

# A suite that is started in the background of a script is deaf to Ctrl-C, and so would be the commands it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--board UNIT`: run tests/conformance against a board of the bench file."""
    parser.addoption("--board", metavar="UNIT", help="a unit of the bench file for tests/conformance")


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the suite puts into quarantine is not the user's, and its boards are not those of a suite beside it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        patch.setenv("HARNESS_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with the real data sets and models; skips where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data sets are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def digits_cache(request: pytest.FixtureRequest) -> Path:
    """Cache folder that holds the digits task's trained network, kept between test runs."""
    from harness.tasks import load_reference, load_task

    folder = request.config.cache.mkdir("harness")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_CACHE_DIR", str(folder))
        load_reference(load_task("digits"))
    return folder


@pytest.fixture(scope="session")
def digits_reference(digits_cache: Path) -> Iterator[Any]:
    """The trained reference network of the digits task."""
    from harness.tasks import load_reference, load_task

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_CACHE_DIR", str(digits_cache))
        yield load_reference(load_task("digits"))


@pytest.fixture(scope="session")
def digits_model(digits_reference: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits network as an int8 file."""
    from harness.quantization import quantize
    from harness.tasks import load_task

    path = tmp_path_factory.mktemp("digits") / "digits.tflite"
    path.write_bytes(quantize(digits_reference, load_task("digits").calibration))
    return path


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An int8 network of every kind of operator, input 11x9x3, 5 classes."""
    from tests.firmware import models

    return models.write(models.every_operator(), tmp_path_factory.mktemp("model") / "small.tflite")
