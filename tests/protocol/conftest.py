"""A board that a stranger has been given: an image of a benchmark's shape, and nothing but the serial line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.bench import LeasedBoard, open_board
from harness.config.kinds import load_kind
from harness.firmware import build_image
from harness.tasks.framework import load_keras, seeded
from tests.firmware import models
from tests.protocol.line import Line

KINDS = ["nrf51-dk", "nrf52840-dk"]


@pytest.fixture(scope="session")
def kws_shaped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained network with the input and output of kws01: 49x10 values, 12 classes."""
    keras = load_keras()
    layers = keras.layers
    with seeded(2):
        inputs = layers.Input((49, 10, 1))
        x = layers.Conv2D(4, (10, 4), strides=(4, 3), activation="relu", bias_initializer="normal")(inputs)
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dense(12, activation="softmax", kernel_initializer="normal", bias_initializer="normal")(x)
    return models.write(keras.Model(inputs, x), tmp_path_factory.mktemp("model") / "kws_shaped.tflite")


@pytest.fixture(scope="module", params=KINDS)
def board(
    request: pytest.FixtureRequest, kws_shaped: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LeasedBoard]:
    """Each virtual board, running the network as kws01."""
    image = build_image(
        kws_shaped, load_kind(request.param), tmp_path_factory.mktemp("build"), model_id="kws01"
    )
    with open_board(f"virtual:{request.param}") as leased:
        leased.flash(image)
        yield leased


@pytest.fixture
def line(board: LeasedBoard) -> Iterator[Line]:
    """The board's line, fresh from reset, past its announcement."""
    with board.open_serial() as port:
        opened = Line(port)
        board.reset()
        opened.until_ready()
        yield opened
