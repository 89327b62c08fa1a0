"""Whole generated models, built for this computer."""

import csv

import numpy as np
import pytest

from harness.firmware.backends import HOST
from harness.firmware.host import HostModel
from harness.firmware.plan import plan_model
from tests.firmware import models

SANITIZERS = ("-fsanitize=undefined", "-fno-sanitize-recover=all", "-g")


@pytest.fixture(scope="module")
def small_model(tmp_path_factory):
    return models.write(models.every_operator(), tmp_path_factory.mktemp("model") / "small.tflite")


def test_every_operator_gives_what_tensorflow_gives(small_model, tmp_path):
    samples = np.random.default_rng(3).integers(-128, 128, (50, 11, 9, 3)).astype(np.int8)
    got = HostModel(small_model, tmp_path, SANITIZERS).run(samples)
    expected = models.interpreter_outputs(small_model, samples)
    # TensorFlow 2.21's reference rounds FULLY_CONNECTED once where TFLite Micro rounds twice.
    assert np.abs(got.astype(int) - expected).max() <= 1
    assert (got == expected).mean() > 0.95


def test_passes_drop_reshape_and_padding(small_model):
    kernels = [layer.kernel for layer in plan_model(small_model, HOST).layers]
    assert "pad_s8" not in kernels
    assert "pointwise_s8_portable" in kernels
    assert {"conv2d_s8_portable", "depthwise_s8_portable", "add_s8", "max_pool_s8", "mean_s8"} <= set(kernels)


def test_kws_equals_real_silicon(shared_data, tmp_path):
    with (shared_data / "golden" / "kws01_silicon_int8.csv").open() as file:
        rows = list(csv.DictReader(file))
    inputs = np.stack([np.fromfile(shared_data / "kws" / "kws01" / row["file"], np.int8) for row in rows])
    expected = np.array([[int(row[f"out{i}"]) for i in range(12)] for row in rows])
    got = HostModel(shared_data / "models" / "kws_ref_model.tflite", tmp_path).run(inputs)
    assert len(rows) == 500
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(
    ("name", "folder", "key", "count"),
    [
        ("vww_96_int8", "vww/vww01_test1000_96x96x3.npz", "x", 20),
        ("pretrainedResnet_quant", "ic/cifar10_lossless_subset.npz", "x_test", 20),
    ],
)
def test_vision_models_equal_the_reference_kernels(shared_data, tmp_path, name, folder, key, count):
    with np.load(shared_data / folder) as data:
        images = data[key]
    samples = (images[:: len(images) // count][:count].astype(np.int16) - 128).astype(np.int8)
    path = shared_data / "models" / f"{name}.tflite"
    got = HostModel(path, tmp_path).run(samples)
    expected = models.interpreter_outputs(path, samples)
    assert np.abs(got.astype(int) - expected).max() <= 1  # FULLY_CONNECTED, as above
    assert (got.argmax(axis=1) == expected.argmax(axis=1)).all()
