"""The inputs of a run: labelled samples as the image takes them, or noise."""

import numpy as np
import numpy.typing as npt

from harness.errors import InputError
from harness.firmware import Image
from harness.measure import GivenSamples
from harness.tasks import Split

_TIMING_INPUTS = 5


def is_windowed(samples: Split | GivenSamples) -> bool:
    """Whether the samples are windows of files that are scored as a whole."""
    return samples.files is not None


def inputs_for(image: Image, samples: Split | GivenSamples | None) -> npt.NDArray[np.int8]:
    """Samples as the image takes them, or a few of noise, always the same, where there are none.

    Returns:
        int8 `(n, *input shape)`.

    Raises:
        InputError: The model was not made for these samples.
    """
    if samples is None:
        shape = (_TIMING_INPUTS, *image.input.shape[1:])
        return np.random.default_rng(0).integers(-128, 128, shape, np.int8)
    if samples.x.shape[1:] != image.input.shape[1:] and samples.x[0].size != image.input.size_bytes:
        raise InputError(
            f"the model takes inputs of shape {list(image.input.shape[1:])} and the task's samples have "
            f"{list(samples.x.shape[1:])}: choose the task that the model was made for"
        )
    classes = int(samples.y.max()) + 1
    if image.output.size_bytes < classes and not is_windowed(samples):
        raise InputError(
            f"the model has {image.output.size_bytes} outputs and the task {classes} classes: "
            "choose the task that the model was made for"
        )
    return samples.encode(image.input.scale, image.input.zero_point)
