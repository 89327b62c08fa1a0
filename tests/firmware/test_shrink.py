"""The shrunk file: loads everywhere, answers the same, keeps what is not about channels."""

import numpy as np
import pytest
import tflite

from harness.errors import BuildError, InputError
from harness.firmware import shrink as shrinking
from harness.firmware.eliminate import eliminate_channels
from harness.firmware.flatbuffer import read_root, write_root
from harness.firmware.host import HostModel
from harness.firmware.reader import read_model
from harness.firmware.shrink import read_array, shrink_model
from harness.firmware.tflite_schema import IDENTIFIER, MODEL
from harness.tasks.framework import load_keras, seeded
from tests.firmware import models


def sparse_network():
    """Branches, a sum, a flatten, and two convolutions that share one layer's weights."""
    keras = load_keras()
    layers = keras.layers
    with seeded(4):
        x = inputs = layers.Input((8, 6, 3))
        x = layers.ZeroPadding2D(1)(x)
        x = layers.Conv2D(10, 3, strides=2, activation="relu", bias_initializer="normal", name="first")(x)
        shared = layers.Conv2D(10, 1, bias_initializer="normal", name="shared")
        y = shared(layers.DepthwiseConv2D(3, padding="same", bias_initializer="normal")(x))
        y = shared(layers.ReLU()(y))
        x = layers.Add()([x, y])
        x = layers.Conv2D(12, 3, padding="same", activation="relu6", bias_initializer="normal", name="last")(
            x
        )
        x = layers.AveragePooling2D(2)(x)
        x = layers.Dense(6, activation="relu", name="hidden")(layers.Flatten()(x))
        model = keras.Model(inputs, layers.Dense(4, activation="softmax")(x))
    for name, channels in {
        "first": [1, 4, 7],
        "shared": [1, 4],
        "last": [0, 5, 6, 11],
        "hidden": [2],
    }.items():
        kernel, bias = model.get_layer(name).get_weights()
        kernel[..., channels] = 0
        model.get_layer(name).set_weights([kernel, bias])
    return model


@pytest.fixture(scope="module")
def sparse_model(tmp_path_factory):
    return models.write(sparse_network(), tmp_path_factory.mktemp("sparse") / "sparse.tflite")


def host_outputs(path, folder, samples):
    folder.mkdir()
    return HostModel(path, folder, eliminate=False).run(samples)


def test_answers_are_the_same_here_and_in_tensorflow(sparse_model, tmp_path):
    out = tmp_path / "out.tflite"
    shrinkage = shrink_model(sparse_model, out, random_count=16)
    assert shrinkage.changed and shrinkage.compared == 16
    assert shrinkage.macs_after < 0.8 * shrinkage.macs_before
    samples = np.random.default_rng(1).integers(-128, 128, (40, 8, 6, 3)).astype(np.int8)
    np.testing.assert_array_equal(
        host_outputs(sparse_model, tmp_path / "a", samples), host_outputs(out, tmp_path / "b", samples)
    )
    np.testing.assert_array_equal(
        models.interpreter_outputs(sparse_model, samples), models.interpreter_outputs(out, samples)
    )


def test_the_file_reads_back_as_the_graph_that_was_meant(sparse_model, tmp_path):
    out = tmp_path / "out.tflite"
    shrinkage = shrink_model(sparse_model, out)
    meant, got = eliminate_channels(read_model(sparse_model)), read_model(out)
    assert eliminate_channels(got) is got
    for wanted, found in zip(meant.ops, got.ops, strict=True):
        assert (found.kind, found.options, found.output.shape) == (
            wanted.kind,
            wanted.options,
            wanted.output.shape,
        )
        for a, b in zip(wanted.inputs, found.inputs, strict=True):
            assert (a is None) == (b is None)
            if a is None:
                continue
            assert a.shape == b.shape
            np.testing.assert_array_equal(a.scales, b.scales)
            if a.data is not None:
                np.testing.assert_array_equal(a.data, b.data)
    assert [layer.channels_after for layer in shrinkage.layers] == [op.output.shape[-1] for op in got.ops]


def test_what_is_not_about_channels_is_kept(sparse_model, tmp_path):
    out = tmp_path / "out.tflite"
    shrink_model(sparse_model, out)
    old, new = (read_root(path.read_bytes(), MODEL)[0] for path in (sparse_model, out))
    for key in ("version", "description", "operator_codes", "metadata", "signature_defs"):
        assert old.get(key) == new.get(key)
    for a, b in zip(old["metadata"], new["metadata"], strict=True):
        assert old["buffers"][a["buffer"]] == new["buffers"][b["buffer"]]
    first, second = old["subgraphs"][0], new["subgraphs"][0]
    names = [tensor["name"] for tensor in first["tensors"]]
    assert [tensor["name"] for tensor in second["tensors"]][: len(names)] == names
    assert [op.get("builtin_options_type") for op in first["operators"]] == [
        op.get("builtin_options_type") for op in second["operators"]
    ]
    # The two readers of one layer's weights lose different channels, so the second gets its own.
    assert len(second["tensors"]) > len(first["tensors"])
    assert out.stat().st_size < sparse_model.stat().st_size


def test_buffers_lie_where_kernels_may_read_them_in_place(sparse_model, tmp_path):
    out = tmp_path / "out.tflite"
    shrink_model(sparse_model, out)
    content = out.read_bytes()
    model = tflite.Model.GetRootAs(content, 0)
    for i in range(model.BuffersLength()):
        buffer = model.Buffers(i)
        if buffer.DataLength():
            data = buffer.DataAsNumpy()
            start = np.frombuffer(content, np.uint8).__array_interface__["data"][0]
            assert (data.__array_interface__["data"][0] - start) % 16 == 0


def test_nothing_to_take_out_gives_a_copy(tmp_path):
    keras = load_keras()
    inputs = keras.layers.Input((6,))
    path = models.write(keras.Model(inputs, keras.layers.Dense(3)(inputs)), tmp_path / "dense.tflite")
    out = tmp_path / "out.tflite"
    shrinkage = shrink_model(path, out)
    assert not shrinkage.changed
    assert out.read_bytes() == path.read_bytes()


def test_a_wrong_result_is_never_written(sparse_model, tmp_path, monkeypatch):
    def spoil(content, before, after):
        model, _ = read_root(content, MODEL)
        tensors = model["subgraphs"][0]["tensors"]
        last = model["subgraphs"][0]["operators"][-2]  # the dense layer before the softmax
        buffer = model["buffers"][tensors[last["inputs"][1]]["buffer"]]
        buffer["data"] = bytes(len(buffer["data"]))
        return write_root(model, MODEL, IDENTIFIER)

    monkeypatch.setattr(shrinking, "rewrite", spoil)
    out = tmp_path / "out.tflite"
    with pytest.raises(BuildError, match=r"answers \d+ of 32 samples differently.*nothing was written"):
        shrink_model(sparse_model, out)
    assert not out.exists()


def test_samples_must_fit(sparse_model, tmp_path):
    with pytest.raises(InputError, match=r"the samples are float32 \(2, 8, 6, 3\); int8 \(n, 8, 6, 3\)"):
        shrink_model(sparse_model, tmp_path / "o", samples=np.zeros((2, 8, 6, 3), np.float32))
    with pytest.raises(InputError, match=r"cannot read .*missing\.npy"):
        read_array(tmp_path / "missing.npy")
    with pytest.raises(InputError, match="--random must be at least 0, not -1"):
        shrink_model(sparse_model, tmp_path / "o", random_count=-1)


def test_given_samples_are_compared(sparse_model, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((5, 8, 6, 3), np.int8))
    samples = read_array(tmp_path / "x.npy")
    assert shrink_model(sparse_model, tmp_path / "o", samples=samples, random_count=2).compared == 7


def test_a_field_that_cannot_be_written_back_is_refused(sparse_model):
    content = bytearray(sparse_model.read_bytes())
    root = int.from_bytes(content[:4], "little")
    vtable = root - int.from_bytes(content[root : root + 4], "little", signed=True)
    slots = (int.from_bytes(content[vtable : vtable + 2], "little") - 4) // 2
    reduced = {slot: field for slot, field in MODEL.fields.items() if slot < slots - 1}
    with pytest.raises(InputError, match=rf"field {slots - 1} of Model, which cannot be written back"):
        read_root(bytes(content), type(MODEL)("Model", reduced))


def test_what_follows_the_model_in_its_file_is_kept(sparse_model, tmp_path):
    path, out = tmp_path / "with-labels.tflite", tmp_path / "out.tflite"
    path.write_bytes(sparse_model.read_bytes() + b"PK\x03\x04labels")
    shrink_model(path, out, random_count=1)
    assert out.read_bytes().endswith(b"PK\x03\x04labels")


def test_visual_wake_words(shared_data, tmp_path):
    path, out = shared_data / "models" / "vww_96_int8.tflite", tmp_path / "vww.tflite"
    with np.load(shared_data / "vww" / "vww01_test1000_96x96x3.npz") as data:
        samples = (data["x"][::50].astype(np.int16) - 128).astype(np.int8)
    shrinkage = shrink_model(path, out, samples=samples, random_count=4)
    assert (shrinkage.macs_before, shrinkage.macs_after) == (7_489_664, 3_733_073)
    assert out.stat().st_size < 90_000
    np.testing.assert_array_equal(
        models.interpreter_outputs(path, samples), models.interpreter_outputs(out, samples)
    )


@pytest.mark.parametrize("name", ["kws_ref_model", "pretrainedResnet_quant", "ad01_int8", "vww_96_int8"])
def test_real_models_survive_reading_and_writing(shared_data, name):
    root, tail = read_root((shared_data / "models" / f"{name}.tflite").read_bytes(), MODEL)
    assert tail == b""
    assert read_root(write_root(root, MODEL, IDENTIFIER), MODEL) == (root, b"")
