"""Small int8 models made on the spot with TensorFlow's converter."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from harness.quantization import quantize
from harness.tasks.framework import load_keras, seeded


def write(model: Any, path: Path, seed: int = 0) -> Path:
    """Quantise a Keras model with random calibration data into `path`."""
    rng = np.random.default_rng(seed)
    calibration = rng.normal(size=(20, *model.inputs[0].shape[1:])).astype(np.float32)
    path.write_bytes(quantize(model, calibration))
    return path


def every_operator() -> Any:
    """A network with padding, both poolings, a sum, a mean, grouped and pointwise convolutions."""
    keras = load_keras()
    layers = keras.layers
    with seeded(1):
        x = inputs = layers.Input((11, 9, 3))
        x = layers.ZeroPadding2D(((1, 2), (0, 1)))(x)
        x = layers.Conv2D(8, 3, strides=2, activation="relu", bias_initializer="normal")(x)
        y = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, bias_initializer="normal")(x)
        y = layers.Conv2D(8, 1, activation="relu6", bias_initializer="normal")(y)
        x = layers.Add()([x, y])
        x = layers.MaxPooling2D(2, padding="same")(x)
        x = layers.AveragePooling2D(2, strides=1, padding="same")(x)
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dense(7, activation="relu", bias_initializer="normal")(x)
        x = layers.Dense(5, activation="softmax", bias_initializer="normal")(x)
        return keras.Model(inputs, x)


def interpreter_outputs(path: Path, samples: np.ndarray) -> np.ndarray:
    """What TensorFlow's reference kernels answer to int8 samples `(n, ...)`."""
    from harness.tasks.framework import load_tensorflow, quiet_stderr

    tf = load_tensorflow()
    with quiet_stderr(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*tf.lite.Interpreter is deprecated")
        interpreter = tf.lite.Interpreter(
            str(path), experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF
        )
        interpreter.allocate_tensors()
    given, asked = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    outputs = []
    for sample in samples:
        interpreter.set_tensor(given, sample[None])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(asked)[0].copy())
    return np.stack(outputs)
