"""Scores of autoencoders: how badly a file is rebuilt, as the mean over its windows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.firmware import TensorSpec
from harness.measure.accuracy import Accuracy
from harness.measure.samples import GivenSamples
from harness.measure.statistics import auc, auc_interval
from harness.tasks import Split


@dataclass(frozen=True)
class AnomalyScores:
    """One score a file.

    Attributes:
        scores: Mean over its windows of their mean squared error, float64 `(files,)`.
        labels: 1 for anomalous files, int64 `(files,)`.
    """

    scores: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]

    @property
    def auc(self) -> float | None:
        """How often an anomalous file scores above a normal one; None where there is only one sort."""
        return auc(self.scores, self.labels) if len(np.unique(self.labels)) > 1 else None

    @property
    def auc_interval(self) -> tuple[float, float] | None:
        """95 % interval of it."""
        return auc_interval(self.scores, self.labels) if self.auc is not None else None


def anomaly_scores(asked: Accuracy, samples: GivenSamples | Split, output: TensorSpec) -> AnomalyScores:
    """Score every file by the answers to its windows.

    Args:
        asked: What the device answered; one value a window where the firmware computes the error itself.
        samples: What it was asked; `files` is given.
        output: The model's output tensor.
    """
    assert samples.files is not None
    if asked.outputs.shape[1] == 1 and samples.x[0].size > 1:
        errors = asked.outputs[:, 0].astype(np.float64)
    else:
        rebuilt = output.dequantize(asked.outputs) if asked.outputs.dtype == np.int8 else asked.outputs
        errors = np.mean((samples.x.reshape(len(samples), -1) - rebuilt) ** 2, axis=1, dtype=np.float64)
    files = np.unique(samples.files)
    scores = np.array([errors[samples.files == file].mean() for file in files])
    labels = np.array([samples.y[samples.files == file][0] for file in files], np.int64)
    return AnomalyScores(scores, labels)
