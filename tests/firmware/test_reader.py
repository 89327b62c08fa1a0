"""What cannot be run is refused in one sentence that names it."""

import struct

import numpy as np
import pytest
import tflite
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import HarnessError, InputError
from harness.firmware.backends import HOST
from harness.firmware.plan import plan_model
from harness.tasks.framework import load_keras, load_tensorflow, quiet_stderr
from tests.firmware import models


@pytest.fixture(scope="module")
def small_model(tmp_path_factory):
    return models.write(models.every_operator(), tmp_path_factory.mktemp("model") / "small.tflite")


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"cannot read the model .*none\.tflite: No such file"):
        plan_model(tmp_path / "none.tflite", HOST)


def test_not_a_model(tmp_path):
    path = tmp_path / "text.tflite"
    path.write_text("hello, this is no model")
    with pytest.raises(InputError, match="not a TFLite model"):
        plan_model(path, HOST)


def test_truncated_model(small_model, tmp_path):
    path = tmp_path / "cut.tflite"
    path.write_bytes(small_model.read_bytes()[:400])
    with pytest.raises(InputError, match="damaged TFLite model"):
        plan_model(path, HOST)


def test_float_model(tmp_path):
    keras = load_keras()
    inputs = keras.layers.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(3)(inputs))
    path = tmp_path / "float.tflite"
    with quiet_stderr():
        path.write_bytes(load_tensorflow().lite.TFLiteConverter.from_keras_model(model).convert())
    with pytest.raises(
        InputError, match=r"operator 0 \(FULLY_CONNECTED\) works on float32: the model is not fully"
    ):
        plan_model(path, HOST)


def test_unknown_operator_is_named_with_its_index(tmp_path):
    keras = load_keras()
    inputs = keras.layers.Input((6, 6, 2))
    x = keras.layers.Conv2D(3, 3)(inputs)
    path = models.write(keras.Model(inputs, keras.layers.Activation("tanh")(x)), tmp_path / "tanh.tflite")
    with pytest.raises(InputError, match=r"operator 1 is TANH, which the firmware cannot run"):
        plan_model(path, HOST)


@pytest.mark.parametrize(
    ("size", "told"), [(1 << 30, "more than the 16,777,216 values"), (-5, r"damaged TFLite model \(tensor")]
)
def test_a_shape_that_nothing_holds(small_model, tmp_path, size, told):
    content = bytearray(small_model.read_bytes())
    subgraph = tflite.Model.GetRootAs(content, 0).Subgraphs(0)
    made = subgraph.Tensors(subgraph.Operators(0).Outputs(0))
    height = made._tab.Vector(made._tab.Offset(4)) + 4  # the second of its shape
    content[height : height + 4] = struct.pack("<i", size)
    path = tmp_path / "huge.tflite"
    path.write_bytes(content)
    with pytest.raises(InputError, match=told):
        plan_model(path, HOST)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), flips=st.integers(1, 30))
def test_damage_never_escapes_as_another_exception(small_model, tmp_path, seed, flips):
    content = np.frombuffer(small_model.read_bytes(), np.uint8).copy()
    rng = np.random.default_rng(seed)
    # Most of the file is weights; the structure lies at both ends.
    places = rng.choice(len(content) - 8, flips) + 8
    content[places] = rng.integers(0, 256, flips)
    path = tmp_path / "damaged.tflite"
    path.write_bytes(content.tobytes())
    try:
        plan_model(path, HOST)
    except HarnessError as error:
        assert "\n" not in str(error)
