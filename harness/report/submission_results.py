"""The three result files of MLPerf Tiny's runners, made of a stored row."""

import json
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from harness.firmware import TensorSpec
from harness.measure import MLPERF_TINY, Accuracy
from harness.report.submission_rules import Benchmark
from harness.store import Measurement

REHEARSAL = "REHEARSAL: measured on an emulated board. No result of hardware, not to be submitted."
"""First line of every text of a rehearsal."""

# Autoencoders answer with as many values as they take; those of a whole set are not worth a file of 100 MB.
_MOST_VALUES = 64


@dataclass(frozen=True)
class ResultFiles:
    """Contents of `log.txt`, `results.txt` and `results.json`."""

    log: str
    text: str
    json: str

    def items(self) -> Iterable[tuple[str, str]]:
        """Name and content of each."""
        return (("log.txt", self.log), ("results.txt", self.text), ("results.json", self.json))


def performance_files(row: Measurement, benchmark: Benchmark, answers: Accuracy) -> ResultFiles:
    """Files of the performance run: each window, and the median throughput in inferences a second."""
    assert row.iterations is not None
    stamp = _stamp(row)
    lines, windows = [], []
    for number, window_us in enumerate(row.windows_us, start=1):
        elapsed_us = window_us * row.iterations
        throughput = 1e6 / window_us
        lines += [
            f"Performance results for window {number}",
            f"    # Inferences : {row.iterations}",
            f"    Runtime: {elapsed_us / 1e6:.6f} sec.",
            f"    Throughput: {throughput:.6f} inf./sec.",
            "    Runtime requirements have been met.",
        ]
        windows.append(
            {
                **_file(answers, (number - 1) % len(answers.names), benchmark),
                "infer": {
                    "elapsed_time": round(elapsed_us),
                    "iterations": row.iterations,
                    "warmups": MLPERF_TINY.warmup,
                    "throughput": throughput,
                },
                "mode": "p",
            }
        )
    median = statistics.median(1e6 / window_us for window_us in row.windows_us)
    lines.append(f"{stamp} ulp-mlperf: Median throughput is {median:10.3f} inf./sec.")
    return _files(row, lines, windows)


def energy_files(row: Measurement) -> ResultFiles:
    """Files of the energy run: each window between two edges of the pin, and the median in microjoules."""
    assert row.iterations is not None and row.energy_uj is not None and row.power_uw is not None
    stamp = _stamp(row)
    names = (row.timed_inputs or "").split()
    lines, windows = [], []
    for number, window_uj in enumerate(row.windows_uj, start=1):
        lines += [
            f"Energy results for window {number}",
            f"    # Inferences : {row.iterations}",
            f"    Energy: {window_uj * row.iterations:.3f} uJ",
            f"    Energy cost: {window_uj:.6f} uJ/inf.",
        ]
        windows.append(
            {
                "file": names[(number - 1) % len(names)],
                "infer": {
                    "iterations": row.iterations,
                    "warmups": row.warmup,
                    "energy_uj": window_uj * row.iterations,
                    "energy_cost_uj": window_uj,
                },
                "mode": "e",
            }
        )
    lines += [
        f"Mean power is {row.power_uw:.3f} uW by {row.meter}.",
        f"{stamp} ulp-mlperf: Median energy cost is {row.energy_uj:10.3f} uJ/inf.",
    ]
    return _files(row, lines, windows)


def accuracy_files(
    row: Measurement, benchmark: Benchmark, answers: Accuracy, output: TensorSpec
) -> ResultFiles:
    """Files of the accuracy run: each sample's outputs, top-1 in percent, area under the ROC curve."""
    stamp = _stamp(row)
    lines = []
    if row.accuracy is not None:
        lines.append(f"{stamp} ulp-mlperf: Top 1% = {100 * row.accuracy:.2f}")
    if row.auc is not None:
        lines.append(f"{stamp} ulp-mlperf: AUC = {row.auc:.4f}")
    raw = answers.outputs
    values = output.dequantize(raw) if raw.dtype.kind == "i" else raw
    samples = []
    for index in range(len(answers.names)):
        infer: dict[str, Any] = {"iterations": 1, "warmups": 0}
        if values.shape[1] <= _MOST_VALUES:
            infer["results"] = [round(float(value), 6) for value in values[index]]
        samples.append({**_file(answers, index, benchmark), "infer": infer, "mode": "a"})
    return _files(row, lines, samples)


def _file(answers: Accuracy, index: int, benchmark: Benchmark) -> dict[str, str]:
    return {
        "file": answers.names[index],
        "classes": str(benchmark.classes),
        "class": str(int(answers.labels[index])),
    }


def _files(row: Measurement, lines: list[str], entries: list[dict[str, Any]]) -> ResultFiles:
    first = [REHEARSAL] if row.virtual else []
    made_of = [
        f"Made from row {row.id} of the store of tinyml-harness {row.harness_version}, measured {row.created_utc}.",
        "The store keeps figures and answers, not the lines of the serial port: this log is the row itself.",
        *(f"{name} = {value}" for name, value in asdict(row).items() if value is not None),
    ]
    data = [{**entry, "rehearsal": True} for entry in entries] if row.virtual else entries
    return ResultFiles(
        log="\n".join([*first, *made_of, *lines]) + "\n",
        text="\n".join([*first, *lines]) + "\n",
        json=json.dumps(data, indent=1) + "\n",
    )


def _stamp(row: Measurement) -> str:
    """Month, day and time as the runners print them."""
    return datetime.fromisoformat(row.created_utc).strftime("%m%d.%H%M%S")
