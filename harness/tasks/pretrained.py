"""MLPerf Tiny's published float networks: our own Keras code with their weights."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.tasks.autoencoder import build_autoencoder
from harness.tasks.dscnn import Block, DsCnn, build_ds_cnn
from harness.tasks.h5_weights import load_h5_weights
from harness.tasks.kws_reference import load_kws_reference
from harness.tasks.resnet import build_resnet8
from harness.tasks.task import Task

VWW_ARCHITECTURE = DsCnn(
    name="vww_mobilenet",
    input_shape=(96, 96, 3),
    kernel=(3, 3),
    stride=2,
    filters=8,
    blocks=(
        Block(16),
        Block(32, stride=2),
        Block(32),
        Block(64, stride=2),
        Block(64),
        Block(128, stride=2),
        *(Block(128),) * 5,
        Block(256, stride=2),
        Block(256),
    ),
)
"""MobileNetV1 with a quarter of the channels."""


@dataclass(frozen=True)
class Pretrained:
    """Where a task's weights are and what they belong to.

    Attributes:
        file: Path in the folder of models.
        marker: What makes a folder of that path the right one; empty for a file.
        load: Gives the `keras.Model` from the task and the path.
    """

    file: str
    marker: str
    load: Callable[[Task, Path], Any]


def _from_h5(build: Callable[[Task], Any]) -> Callable[[Task, Path], Any]:
    def load(task: Task, path: Path) -> Any:
        model = build(task)
        load_h5_weights(model, path)
        return model

    return load


PRETRAINED = {
    "kws": Pretrained("kws_ref_model", "variables/variables.index", load_kws_reference),
    "vww": Pretrained(
        "vww_96.h5", "", _from_h5(lambda task: build_ds_cnn(VWW_ARCHITECTURE, len(task.class_names)))
    ),
    "ic": Pretrained("pretrainedResnet.h5", "", _from_h5(lambda task: build_resnet8(len(task.class_names)))),
    "ad": Pretrained("ad01.h5", "", _from_h5(lambda task: build_autoencoder(task.input_shape[0]))),
}
"""Task name -> its published network."""


def pretrained_path(task: Task, given: Path | None) -> Path:
    """The weights of the task's published network: what the user names, or `models/` beside the data.

    Raises:
        InputError: They are not there, or are not what the task needs.
    """
    known = PRETRAINED[task.name]
    path = given or _find(task, Path("models") / known.file)
    if known.marker and not (path / known.marker).is_file():
        raise InputError(f"{path} is not the SavedModel folder {known.file}: it has no {known.marker}")
    return path


def pretrained_files(task: Task, given: Path | None) -> list[Path]:
    """The files that hold the weights. Raises as `pretrained_path` does."""
    path = pretrained_path(task, given)
    return sorted((path / "variables").iterdir()) if path.is_dir() else [path]


def _find(task: Task, model: Path) -> Path:
    data_dir = Path() if task.data_dir is None else task.data_dir
    searched = [data_dir / model, data_dir.resolve().parent / model]
    for path in searched:
        if path.exists():
            return path
    raise InputError(
        f"the reference model of task {task.name!r} is not found: put MLPerf Tiny's {model.name} at "
        f"{searched[0]} or {searched[1]}, or name it (--reference)"
    )
