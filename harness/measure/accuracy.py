"""Accuracy of the model as the board runs it, sample by sample over the serial line."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.dut import Dut
from harness.errors import LinkError
from harness.measure.statistics import wilson_interval

_TRIES = 3


@dataclass(frozen=True)
class Accuracy:
    """Top-1 accuracy over labelled samples.

    Attributes:
        names: Of the samples, in the order asked.
        labels: Their classes, int64 `(n,)`.
        outputs: Raw output tensors, int8 `(n, classes)`.
        retries: Samples that had to be sent again because the line failed.
    """

    names: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    outputs: npt.NDArray[np.int8]
    retries: int

    @property
    def samples(self) -> int:
        """Samples asked."""
        return len(self.names)

    @property
    def correct(self) -> int:
        """Samples whose largest output (the first of equals) is their class."""
        return int((self.outputs.argmax(axis=1) == self.labels).sum())

    @property
    def accuracy(self) -> float:
        """Share of correct samples."""
        return self.correct / self.samples

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the accuracy."""
        return wilson_interval(self.correct, self.samples)

    def to_csv(self) -> str:
        """A row a sample: `name,label,out0,out1,...` with int8 outputs."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["name", "label", *(f"out{i}" for i in range(self.outputs.shape[1]))])
        for name, label, output in zip(self.names, self.labels, self.outputs, strict=True):
            writer.writerow([name, int(label), *output.tolist()])
        return text.getvalue()


def measure_accuracy(
    dut: Dut,
    names: Sequence[str],
    samples: npt.NDArray[np.int8],
    labels: npt.NDArray[np.int64],
    *,
    on_sample: Callable[[int], None] = lambda done: None,
) -> Accuracy:
    """Ask the device for every sample.

    Args:
        dut: A device that runs an image of this harness.
        names: Names of the samples.
        samples: Input tensors, int8 `(n, *input shape)`.
        labels: Their classes, int64 `(n,)`.
        on_sample: Called with the number of samples done.

    Raises:
        LinkError: The line fails for one sample several times in a row.
    """
    outputs = []
    retries = 0
    for done, sample in enumerate(samples):
        output, tries = _ask(dut, sample.tobytes())
        outputs.append(np.frombuffer(output, np.int8))
        retries += tries - 1
        on_sample(done + 1)
    return Accuracy(tuple(names), np.asarray(labels, np.int64), np.stack(outputs), retries)


def _ask(dut: Dut, payload: bytes) -> tuple[bytes, int]:
    """The output tensor of one sample, and how often it had to be sent."""
    for tries in range(1, _TRIES + 1):
        try:
            dut.load(payload)
            dut.infer(1, 0)
            return dut.output(), tries
        except LinkError:
            if tries == _TRIES:
                raise
            dut.resync()
    raise AssertionError("unreachable")
