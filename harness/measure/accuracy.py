"""Accuracy of the model as the board runs it, sample by sample."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from harness.dut import Dut
from harness.errors import InputError
from harness.measure.journal import Journal
from harness.measure.loader import Loader, Output
from harness.measure.loading import StrictLoader
from harness.measure.statistics import auc, auc_interval, wilson_interval


@dataclass(frozen=True)
class ClassCount:
    """How the samples of one class were answered."""

    label: int
    correct: int
    samples: int


@dataclass(frozen=True)
class Accuracy:
    """What a device answered to labelled samples.

    Attributes:
        names: Of the samples, in the order asked.
        labels: Their classes, int64 `(n,)`.
        outputs: Output tensors, int8 raw or float32 as printed with three decimals, `(n, classes)`.
        retries: Samples that had to be sent again because the line failed.
        resumed: Samples that an earlier, interrupted run had asked.
    """

    names: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    outputs: Output
    retries: int
    resumed: int = 0

    @property
    def samples(self) -> int:
        """Samples asked."""
        return len(self.names)

    @property
    def correct(self) -> int:
        """Samples whose largest output (the first of equals) is their class."""
        return int(self.right.sum())

    @property
    def accuracy(self) -> float:
        """Share of correct samples."""
        return self.correct / self.samples

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the accuracy."""
        return wilson_interval(self.correct, self.samples)

    @property
    def classes(self) -> tuple[ClassCount, ...]:
        """Each class that occurs, ascending."""
        return tuple(
            ClassCount(
                int(label), int(self.right[self.labels == label].sum()), int((self.labels == label).sum())
            )
            for label in np.unique(self.labels)
        )

    @property
    def auc(self) -> float | None:
        """Area under the ROC curve, one class against the rest; None where only one class occurs."""
        return auc(self._scores, self.labels) if len(np.unique(self.labels)) > 1 else None

    @property
    def auc_interval(self) -> tuple[float, float] | None:
        """95 % interval of it."""
        return auc_interval(self._scores, self.labels) if self.auc is not None else None

    @cached_property
    def right(self) -> npt.NDArray[np.bool_]:
        """Which samples were answered rightly, bool `(n,)`."""
        found: npt.NDArray[np.bool_] = self.outputs.argmax(axis=1) == self.labels
        return found

    @property
    def _scores(self) -> npt.NDArray[np.float64]:
        scores = self.outputs.astype(np.float64)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def to_csv(self) -> str:
        """A row a sample: `name,label,out0,out1,...`, the outputs as the device gave them."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["name", "label", *(f"out{i}" for i in range(self.outputs.shape[1]))])
        for name, label, output in zip(self.names, self.labels, self.outputs, strict=True):
            writer.writerow([name, int(label), *(f"{value:g}" for value in output.tolist())])
        return text.getvalue()

    @classmethod
    def from_csv(cls, text: str, retries: int = 0) -> "Accuracy":
        """What `to_csv` wrote."""
        _, *rows = csv.reader(io.StringIO(text))
        whole = all("." not in value for row in rows for value in row[2:])
        return cls(
            names=tuple(row[0] for row in rows),
            labels=np.array([int(row[1]) for row in rows], np.int64),
            outputs=np.array([row[2:] for row in rows], np.float64).astype(np.int8 if whole else np.float32),
            retries=retries,
        )


def measure_accuracy(
    dut: Dut | Loader,
    names: Sequence[str],
    samples: npt.NDArray[np.int8],
    labels: npt.NDArray[np.int64],
    *,
    journal: Journal | None = None,
    on_sample: Callable[[int], None] = lambda done: None,
    enough: Callable[[int, Output], bool] = lambda sample, output: False,
) -> Accuracy:
    """Ask the device for every sample, or until it is enough.

    Args:
        dut: The way into the device, or a device, which is asked to the letter of the protocol.
        names: Names of the samples.
        samples: Input tensors, int8 `(n, *input shape)`.
        labels: Their classes, int64 `(n,)`.
        journal: Keeps each answer as it comes; samples it has already are not asked again.
        on_sample: Called with the number of samples done.
        enough: Called with each sample's number from 0 and its answer, those of the journal too; True ends the run.

    Raises:
        InputError: There is not one name and one label a sample.
        LinkError: The line fails for one sample several times in a row.
        ProbeError: The debug port fails.
    """
    if not len(names) == len(samples) == len(labels) > 0:
        raise InputError(
            f"{len(samples)} samples, {len(names)} names and {len(labels)} labels do not agree; give one of each"
        )
    loader = StrictLoader(dut) if isinstance(dut, Dut) else dut
    kept = journal.outputs() if journal else []
    outputs: list[Output] = []
    for number, sample in enumerate(samples):
        output = kept[number] if number < len(kept) else loader.ask(sample.tobytes())
        outputs.append(output)
        if number >= len(kept):
            if journal:
                journal.add(output)
            on_sample(number + 1)
        if enough(number, output):
            break
    count = len(outputs)
    return Accuracy(
        tuple(names[:count]),
        np.asarray(labels[:count], np.int64),
        np.stack(outputs),
        loader.retries,
        min(len(kept), count),
    )
