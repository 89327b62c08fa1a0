"""Keyword spotting's reference network: our DS-CNN with MLPerf Tiny's published float weights.

The weights come PRETRAINED. They were fitted to the training split of Speech Commands v0.02, so
the official accuracy set and all folds of the task's test clips are unseen data to them.
"""

from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.tasks.dscnn import Block, DsCnn, build_ds_cnn
from harness.tasks.framework import first_line, load_tensorflow, quiet_stderr
from harness.tasks.task import Task

ARCHITECTURE = DsCnn(
    name="kws_ds_cnn",
    input_shape=(49, 10, 1),
    kernel=(10, 4),
    stride=2,
    filters=64,
    blocks=(Block(64),) * 4,
)

# Names in the checkpoint of each kind of layer's weights, in the order Keras keeps them.
_WEIGHT_NAMES = {
    "Conv2D": ("kernel", "bias"),
    "DepthwiseConv2D": ("depthwise_kernel", "bias"),
    "BatchNormalization": ("gamma", "beta", "moving_mean", "moving_variance"),
    "Dense": ("kernel", "bias"),
}


def load_kws_reference(task: Task, folder: Path) -> Any:
    """The `keras.Model` with the published weights.

    Args:
        task: The kws task.
        folder: The SavedModel's.

    Raises:
        InputError: The SavedModel is damaged, or of another network.
    """
    variables = folder / "variables" / "variables"
    tf = load_tensorflow()
    model = build_ds_cnn(ARCHITECTURE, len(task.class_names))
    weighted = [layer for layer in model.layers if layer.weights]
    try:
        with quiet_stderr():
            checkpoint = tf.train.load_checkpoint(str(variables))
            for number, layer in enumerate(weighted):
                layer.set_weights(
                    [
                        checkpoint.get_tensor(
                            f"layer_with_weights-{number}/{name}/.ATTRIBUTES/VARIABLE_VALUE"
                        )
                        for name in _WEIGHT_NAMES[type(layer).__name__]
                    ]
                )
    except (tf.errors.OpError, IndexError, ValueError, RuntimeError) as error:
        raise InputError(
            f"{folder} does not hold the weights of MLPerf Tiny's kws_ref_model: {first_line(error)}"
        ) from error
    return model
