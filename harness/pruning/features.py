"""Feature maps at a cut, computed once for all heads put there."""

from dataclasses import dataclass
from typing import Any

from harness.pruning.build import assemble_tail, cut_named
from harness.tasks.fit import predict
from harness.tasks.model_file import model_fingerprint
from harness.tasks.task import FloatArray, Task


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """What the kept part gives for the training and validation inputs: float32 `[n, *map_shape]`."""

    train: FloatArray
    validation: FloatArray


class FeatureCache:
    """Keeps the feature maps of the last cut asked for.

    One cut's maps of keyword spotting are 130 MB and take a second or two to compute, so that
    keeping more than one would cost memory for nothing.
    """

    def __init__(self) -> None:
        self._key: tuple[str, str, str] | None = None
        self._maps: FeatureMaps | None = None

    def maps(self, reference: Any, cut_name: str, task: Task) -> FeatureMaps:
        """The maps of `reference` at its cut point `cut_name`.

        Raises:
            InputError: There is no such cut point, or the task's data is missing or damaged.
        """
        key = (model_fingerprint(reference), cut_name, task.fingerprint)
        if self._maps is None or key != self._key:
            self._maps = None  # free the last ones first
            tail = assemble_tail(reference, cut_named(reference, cut_name))
            self._maps = FeatureMaps(predict(tail, task.train.x), predict(tail, task.validation.x))
            self._key = key
        return self._maps
