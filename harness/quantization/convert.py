"""Full-integer post-training quantisation of a Keras model to a `.tflite` flatbuffer."""

import hashlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from harness.errors import BuildError, InputError
from harness.quantization.inspect import float_operators
from harness.tasks.arrays import FloatArray
from harness.tasks.framework import first_line, load_tensorflow, quiet_stderr

# Raise when the conversion changes in a way that changes bytes: stored models are then remade.
CONVERTER_VERSION = 1


def quantize(model: Any, calibration: FloatArray) -> bytes:
    """Convert `model` to int8: weights, activations, input and output, batch size fixed at 1.

    BatchNorm is folded into the convolutions. The same model and data give the same bytes.

    Args:
        model: `keras.Model` with one input and one output.
        calibration: Representative inputs, float32 `[n, *input_shape]`, n >= 1; they set the ranges.

    Returns:
        The `.tflite` file's content.

    Raises:
        InputError: `calibration` does not fit the model's input, or is not finite.
        BuildError: The converter cannot express the model in int8 operators.
    """
    shape = tuple(model.inputs[0].shape[1:])
    if len(calibration) == 0 or calibration.shape[1:] != shape:
        raise InputError(
            f"calibration data of shape {list(calibration.shape)} does not fit the input "
            f"{list(shape)} of model {model.name!r}: give at least one sample of that shape"
        )
    if not np.isfinite(calibration).all():
        raise InputError(f"calibration data for model {model.name!r} has values that are not finite numbers")
    tf = load_tensorflow()

    def representative() -> Iterator[list[FloatArray]]:
        for sample in calibration:
            yield [sample[None].astype(np.float32)]

    with quiet_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TensorFlow's own
        warnings.filterwarnings("ignore", message="Statistics for quantized inputs")  # they are given
        try:
            # A concrete function of batch 1: with a free batch size the graph would compute shapes.
            infer = tf.function(lambda x: model(x, training=False)).get_concrete_function(
                tf.TensorSpec((1, *shape), tf.float32, name="input")
            )
            converter = tf.lite.TFLiteConverter.from_concrete_functions([_frozen(infer)])
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = representative
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.int8
            content = bytes(converter.convert())
        except Exception as error:  # the converter raises whatever its passes raise
            raise BuildError(
                f"model {model.name!r} cannot be converted to int8: {first_line(error)}; "
                "use only layers with int8 TFLite operators"
            ) from error
    # An operator without an int8 form is left in float between conversions, without an error.
    if left := float_operators(content):
        raise BuildError(
            f"model {model.name!r} cannot be converted to int8: {', '.join(left)} would stay in "
            "floating point; use only layers with int8 TFLite operators"
        )
    return content


def _frozen(function: Any) -> Any:
    """The concrete function with its variables turned into constants."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    return convert_variables_to_constants_v2(function)


def calibration_fingerprint(calibration: FloatArray) -> str:
    """SHA-256 (64 hex characters) of what `quantize` depends on besides the model."""
    return hashlib.sha256(
        repr((CONVERTER_VERSION, calibration.shape)).encode() + calibration.tobytes()
    ).hexdigest()
