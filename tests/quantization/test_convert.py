"""The converted models: their operators, types, bytes and accuracy."""

from typing import Any

import numpy as np
import pytest
import tflite

from harness.errors import BuildError, InputError
from harness.pruning import HEADS, Candidate, build_candidate, list_candidates, train_candidate
from harness.quantization import calibration_fingerprint, quantize
from harness.tasks import Split, Task, load_task
from harness.tasks.dscnn import build_ds_cnn
from harness.tasks.fit import accuracy
from harness.tasks.framework import load_keras, load_tensorflow, quiet_stderr, seeded
from harness.tasks.kws_reference import ARCHITECTURE as KWS
from harness.tasks.recipe import Recipe

FIRMWARE_OPERATORS = {
    "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "AVERAGE_POOL_2D", "MAX_POOL_2D", "MEAN", "ADD",
    "RESHAPE", "SOFTMAX", "PAD", "QUANTIZE", "DEQUANTIZE",
}  # fmt: skip
_NAMES = {code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}

pytestmark = pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning")


def graph(content: bytes) -> list[tuple[str, list[tuple[list[int], int]]]]:
    """Each operator with the shapes and types of its tensors, in order."""
    model = tflite.Model.GetRootAs(content, 0)
    assert model.SubgraphsLength() == 1
    subgraph = model.Subgraphs(0)
    operators = []
    for number in range(subgraph.OperatorsLength()):
        operator = subgraph.Operators(number)
        used = [*operator.InputsAsNumpy(), *operator.OutputsAsNumpy()]
        tensors = [subgraph.Tensors(index) for index in used if index >= 0]
        name = _NAMES[model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode()]
        operators.append((name, [(np.atleast_1d(t.ShapeAsNumpy()).tolist(), t.Type()) for t in tensors]))
    return operators


def int8_accuracy(content: bytes, split: Split) -> float:
    lite = load_tensorflow().lite
    with quiet_stderr():
        interpreter = lite.Interpreter(
            model_content=content, experimental_op_resolver_type=lite.experimental.OpResolverType.BUILTIN_REF
        )
        interpreter.allocate_tensors()
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    right = 0
    for sample, label in zip(split.encode(*source["quantization"]), split.y, strict=True):
        interpreter.set_tensor(source["index"], sample[None])
        interpreter.invoke()
        right += int(interpreter.get_tensor(result["index"])[0].argmax() == label)
    return right / len(split)


@pytest.fixture(scope="module")
def digits() -> Task:
    return load_task("digits")


@pytest.fixture(scope="module")
def kws_network() -> Any:
    with seeded(0):
        return build_ds_cnn(KWS, 12)


def test_every_digits_candidate_has_operators_of_the_firmware(digits_reference: Any, digits: Task) -> None:
    for candidate in list_candidates(digits_reference, tuple(HEADS)):
        model = build_candidate(digits_reference, candidate, 10)
        operators = graph(quantize(model, digits.calibration[:5]))
        names = [name for name, _ in operators]
        assert set(names) <= FIRMWARE_OPERATORS, candidate.key
        # BatchNorm and ReLU leave no operator of their own.
        convolutions = sum(type(layer).__name__ in ("Conv2D", "DepthwiseConv2D") for layer in model.layers)
        assert names.count("CONV_2D") + names.count("DEPTHWISE_CONV_2D") == convolutions
        assert names[-1] == "SOFTMAX"


@pytest.mark.parametrize("key", ["unpruned", "conv1-aux", "block4-dense"])
def test_kws_candidates_have_operators_of_the_firmware(kws_network: Any, key: str) -> None:
    (candidate,) = [c for c in list_candidates(kws_network) if c.key == key]
    calibration = np.random.default_rng(0).normal(size=(4, 49, 10, 1)).astype(np.float32)
    operators = graph(quantize(build_candidate(kws_network, candidate, 12), calibration))
    assert {name for name, _ in operators} <= FIRMWARE_OPERATORS
    first, last = operators[0][1][0], operators[-1][1][-1]
    assert first == ([1, 49, 10, 1], tflite.TensorType.INT8)
    assert last == ([1, 12], tflite.TensorType.INT8)


@pytest.mark.parametrize("head", ["aux", "dense"])
def test_untrained_and_trained_have_the_same_graph(digits_reference: Any, digits: Task, head: str) -> None:
    # Latency is measured on the untrained one.
    candidate, calibration = Candidate("block2", head), digits.calibration[:20]
    untrained = build_candidate(digits_reference, candidate, 10)
    trained = train_candidate(digits_reference, candidate, digits, Recipe("short", 1, 64, ((0, 1e-3),))).model
    before, after = quantize(untrained, calibration), quantize(trained, calibration)
    assert graph(before) == graph(after)
    assert before != after
    assert abs(len(before) - len(after)) < 64


def test_same_model_same_bytes(digits_reference: Any, digits: Task) -> None:
    contents = {
        quantize(build_candidate(digits_reference, Candidate("block1", "aux"), 10), digits.calibration)
        for _ in range(2)
    }
    assert len(contents) == 1


def test_quantisation_costs_digits_less_than_two_points(digits_reference: Any, digits: Task) -> None:
    content = quantize(digits_reference, digits.calibration)
    quantised = int8_accuracy(content, digits.test)
    assert abs(quantised - accuracy(digits_reference, digits.test.x, digits.test.y)) < 0.02


def test_quantising_leaves_the_model_as_it_is(digits_reference: Any, digits: Task) -> None:
    weights = digits_reference.get_weights()
    quantize(digits_reference, digits.calibration[:5])
    for before, after in zip(weights, digits_reference.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    ("calibration", "message"),
    [
        (np.zeros((0, 8, 8, 1), np.float32), r"shape \[0, 8, 8, 1\] does not fit"),
        (np.zeros((3, 8, 8), np.float32), r"shape \[3, 8, 8\] does not fit the input \[8, 8, 1\]"),
        (np.full((1, 8, 8, 1), np.nan, np.float32), "not finite"),
    ],
)
def test_unfit_calibration_is_refused(digits_reference: Any, calibration: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        quantize(digits_reference, calibration)


def test_models_without_int8_operators_are_refused_in_one_sentence() -> None:
    keras = load_keras()
    inputs = keras.layers.Input((8,))
    waves = keras.Model(inputs, keras.ops.cos(keras.ops.cumsum(inputs, axis=1)), name="waves")
    with pytest.raises(BuildError, match=r"model 'waves' .* CUMSUM, COS would stay in floating point"):
        quantize(waves, np.ones((2, 8), np.float32))
    bell = keras.Model(inputs, keras.ops.erf(inputs), name="bell")
    with pytest.raises(BuildError, match=r"model 'bell' cannot be converted to int8: .*Erf") as caught:
        quantize(bell, np.ones((2, 8), np.float32))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_calibration_fingerprint_tells_data_apart(digits: Task) -> None:
    data = digits.calibration
    prints = [calibration_fingerprint(x) for x in (data, data.copy(), data[:-1], data + 1)]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3
