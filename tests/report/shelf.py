"""A store with one row that may be submitted, or not, after changes to it."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from harness.firmware import Image
from harness.measure import Accuracy
from harness.report.submission import Entry, write_submission
from harness.store import Measurement, Store
from tests.store.rows import row

BOARD = "desk-nrf52"
SAMPLES = 1000


def answers(samples: int = SAMPLES, right: int = 907) -> Accuracy:
    labels = np.arange(samples) % 12
    outputs = np.full((samples, 12), -128, np.int8)
    outputs[np.arange(samples), np.where(np.arange(samples) < right, labels, (labels + 1) % 12)] = 127
    return Accuracy(tuple(f"tst_{i:06d}.bin" for i in range(samples)), labels, outputs, 0)


class Shelf:
    """A store with one row that may be submitted, or not, after changes to it."""

    def __init__(self, folder: Path, model: Path, image: Image) -> None:
        self.store = Store(folder / "results")
        self.out = folder / "mlperf"
        self.model = model
        self.good = row(
            board=BOARD,
            candidate=None,
            cut=None,
            head=None,
            model_name="tiny_kws",
            model_sha256=image.model_sha256,
            build_id=image.build_id,
            compiler=image.compiler,
            rules="mlperf-tiny",
            iterations=500,
            latency_us=20_100.0,
            windows_us=(20_100.0, 20_101.5, 20_099.0, 20_100.0, 20_100.5),
            auc=0.9875,
            split="official",
        )

    def add(self, asked: Accuracy | None = None, **changes: object) -> Measurement:
        asked = asked or answers()
        sha256 = self.store.artifacts.put(asked.to_csv().encode(), ".csv")
        return self.store.add(replace(self.good, **({"outputs_sha256": sha256} | changes)))

    def submit(self, **changes: object) -> Path:
        entry = replace(Entry("Example", "kws", self.model, BOARD), **changes)
        return write_submission(self.store, entry, self.out)
