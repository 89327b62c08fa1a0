"""The same model makes the same image, wherever it is built."""

import pytest

from harness.config.kinds import load_kind
from harness.errors import InputError
from harness.firmware import build_image
from tests.firmware import models


@pytest.mark.parametrize("toolchain", ["zig", "gcc"])
@pytest.mark.parametrize("kind", ["nrf51-dk", "nrf52840-dk"])
def test_the_folder_s_name_changes_nothing(kind, toolchain, tmp_path):
    model = models.write(models.every_operator(), tmp_path / "small.tflite")
    images = []
    for name in (
        "a",
        "portable",
        "z-other",
    ):  # before, like and after the names of the firmware's own folders
        (tmp_path / name).mkdir()
        try:
            images.append(build_image(model, load_kind(kind), tmp_path / name, toolchain=toolchain))
        except InputError as error:
            pytest.skip(str(error))
    assert len({image.image_sha256 for image in images}) == 1
    assert len({image.build_id for image in images}) == 1
