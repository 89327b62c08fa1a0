"""One device on a serial port, with firmware that was not built here: measure and store."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import InputError
from harness.measure import (
    Accuracy,
    AnomalyScores,
    GivenSamples,
    PerformanceRules,
    measure_accuracy,
    measure_performance,
)
from harness.measure.foreign import (
    CONTRACTS,
    ForeignDut,
    ForeignLoader,
    find_samples,
    identify,
    is_emulated,
    noise,
    open_port,
)
from harness.search.figures import accuracy_figures, latency_figures
from harness.search.subject import model_sha256
from harness.store import Measurement, Store

MODES = ("performance", "accuracy")

Progress = Callable[[str, int, int], None]
"""Called with a phase (`latency`, `accuracy`), steps done and steps in all."""


@dataclass(frozen=True)
class PortRun:
    """What to measure on a port.

    Attributes:
        port: A device's path, or a URL.
        task: `kws`, `vww`, `ic` or `ad`.
        baud: Speed, bits a second.
        data: Where the samples are; None for latency on noise.
        samples: How many of them, a fixed random choice; None for all.
        mode: One of `MODES`; None for latency, and accuracy where there are samples.
        rules: How latency is measured.
        model: The `.tflite` file that the firmware is said to run.
    """

    port: str
    task: str
    baud: int = 115_200
    data: Path | None = None
    samples: int | None = None
    mode: str | None = None
    rules: PerformanceRules = field(default_factory=PerformanceRules)
    model: Path | None = None

    @property
    def board(self) -> str:
        """What the row calls the device."""
        return f"port:{self.port}"


def measure_port(
    store: Store,
    run: PortRun,
    on_progress: Progress = lambda phase, done, total: None,
    trace: Callable[[str, str], None] | None = None,
) -> Measurement:
    """Measure a device to the letter of EnergyRunner's protocol, and store the row.

    Args:
        store: Where the row and the answers go.
        run: What to measure.
        on_progress: Told of the progress.
        trace: Called with `">"` or `"<"` and each command sent and line received.

    Raises:
        InputError: The task, the samples or the model file cannot be used.
        BoardError: The device does not answer, or not as the protocol says.
        MeasurementError: Its clock cannot be trusted.
    """
    contract = CONTRACTS.get(run.task)
    if contract is None:
        raise InputError(f"unknown task {run.task!r}; EnergyRunner's are {', '.join(CONTRACTS)}")
    if run.mode is not None and run.mode not in MODES:
        raise InputError(f"unknown mode {run.mode!r}; choose one of {', '.join(MODES)}")
    if run.data is None and (run.mode == "accuracy" or run.samples is not None):
        raise InputError("accuracy needs samples: give --data-dir EnergyRunner's folder")
    sha256 = model_sha256(run.model) if run.model else ""
    given = None if run.data is None else _chosen(find_samples(contract, run.data), run.samples)
    windows = run.rules.windows
    figures: dict[str, Any] = {}
    with open_port(run.port, run.baud) as line:
        dut = ForeignDut(line, run.board, trace=trace)
        vendor = identify(dut, contract)
        loader = ForeignLoader(dut, contract)
        if run.mode != "accuracy":
            inputs = noise(contract, windows) if given is None else [x.tobytes() for x in given.x[:windows]]
            on_progress("latency", 0, windows)
            timed = measure_performance(
                dut,
                inputs,
                run.rules,
                loader=loader,
                on_window=lambda done: on_progress("latency", done, windows),
            )
            figures |= latency_figures(timed)
        if given is not None and run.mode != "performance":
            total = len(given)
            asked = measure_accuracy(
                loader,
                given.names,
                given.x.reshape(total, -1).view(np.int8),
                given.y,
                on_sample=lambda done: on_progress("accuracy", done, total),
            )
            scores = None if given.files is None else _file_scores(asked, given)
            figures |= accuracy_figures(store, asked, scores) | {"split": contract.model_id}
    return store.add(
        Measurement(
            run_id=uuid.uuid4().hex,
            board=run.board,
            kind=vendor,
            virtual=is_emulated(run.port),
            serial_settings=f"{run.port} {run.baud} 8N1",
            model_sha256=sha256,
            model_name=run.model.stem if run.model else contract.model_id,
            mode=run.mode or "performance",
            load=loader.name,
            retries=loader.retries + dut.retries,
            **figures,
        )
    )


def _file_scores(asked: Accuracy, given: GivenSamples) -> AnomalyScores:
    """The device prints one error a window; a file's score is their mean."""
    assert given.files is not None
    errors = asked.outputs[:, 0].astype(np.float64)
    files = np.unique(given.files)
    return AnomalyScores(
        np.array([errors[given.files == file].mean() for file in files]),
        np.array([given.y[given.files == file][0] for file in files], np.int64),
    )


def _chosen(samples: GivenSamples, count: int | None) -> GivenSamples:
    """A fixed random choice of `count` samples."""
    if count is None or count >= len(samples):
        return samples
    if count < 1:
        raise InputError(f"--samples must be at least 1, not {count}")
    if samples.files is not None:
        raise InputError("a number of samples cannot be chosen from windows of files; leave it out")
    order = np.random.default_rng(0).permutation(len(samples))
    return samples.take(np.sort(order[:count]))
