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
MODEL_FOLDER = Path("models") / "kws_ref_model"

# Names in the checkpoint of each kind of layer's weights, in the order Keras keeps them.
_WEIGHT_NAMES = {
    "Conv2D": ("kernel", "bias"),
    "DepthwiseConv2D": ("depthwise_kernel", "bias"),
    "BatchNormalization": ("gamma", "beta", "moving_mean", "moving_variance"),
    "Dense": ("kernel", "bias"),
}


def load_kws_reference(task: Task, saved_model: Path | None) -> Any:
    """The `keras.Model` with the published weights.

    Args:
        task: The kws task; its data folder and the one above are searched for `models/kws_ref_model`.
        saved_model: The SavedModel's folder, in place of the search.

    Raises:
        InputError: The SavedModel is not found, damaged, or of another network.
    """
    folder = kws_reference_folder(task, saved_model)
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


def kws_reference_folder(task: Task, saved_model: Path | None) -> Path:
    """The SavedModel's folder: the given one, or the one found beside the task's data.

    Raises:
        InputError: There is none, or it is another folder.
    """
    folder = saved_model or _find(task)
    if not (folder / "variables" / "variables.index").is_file():
        raise InputError(
            f"{folder} is not the SavedModel folder kws_ref_model: it has no variables/variables.index"
        )
    return folder


def _find(task: Task) -> Path:
    data_dir = Path() if task.data_dir is None else task.data_dir
    searched = [data_dir / MODEL_FOLDER, data_dir.resolve().parent / MODEL_FOLDER]
    for folder in searched:
        if folder.is_dir():
            return folder
    raise InputError(
        "the reference model of task 'kws' is not found: put MLPerf Tiny's SavedModel kws_ref_model at "
        f"{searched[0]} or {searched[1]}, or name its folder"
    )
