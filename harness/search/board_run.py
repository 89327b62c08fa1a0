"""All that is measured of one flashed image on one board, as the columns of a row."""

import json
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.bench import LeasedBoard
from harness.dut import Dut
from harness.errors import InputError
from harness.firmware import Image
from harness.measure import (
    Accuracy,
    Journal,
    Loader,
    Performance,
    anomaly_scores,
    make_loader,
    measure_accuracy,
    measure_energy,
    measure_layers,
    measure_performance,
    measure_stack,
    start_image,
)
from harness.measure.meters import open_meter
from harness.search.figures import accuracy_figures, energy_figures, latency_figures
from harness.search.inputs import is_windowed
from harness.search.settings import Enough, Progress, Settings, never_enough


@dataclass(frozen=True)
class BoardRun:
    """One run of an image that has been flashed.

    Attributes:
        settings: How to measure.
        board: Where.
        image: What it runs.
        inputs: The samples as the image takes them, int8 `(n, *input shape)`, or noise.
        on_progress: Told of the progress.
        answers: Where each answer is kept as it comes, for a run that is killed to go on; None for nowhere.
        enough: When to stop asking.
    """

    settings: Settings
    board: LeasedBoard
    image: Image
    inputs: npt.NDArray[np.int8]
    on_progress: Progress
    answers: Path | None = None
    enough: Enough = never_enough

    def figures(self) -> dict[str, Any]:
        """Measure, and give the columns.

        Raises:
            InputError: The board has no power meter and energy is asked.
            BoardError: The board failed.
            MeasurementError: The figures cannot be trusted.
        """
        settings, image, board = self.settings, self.image, self.board
        baud = board.kind.baud_of("energy") if image.mode == "energy" else board.baud
        with board.open_serial(baud) as port:
            dut = start_image(board, image, port)
            loader = make_loader(dut, board, image, settings.load)
            timing_inputs = [sample.tobytes() for sample in self.inputs[: settings.rules.windows]]
            energy = self._energy(dut, timing_inputs, loader) if settings.mode == "energy" else None
            performance = None
            if settings.mode in (None, "performance"):
                performance = self._performance(dut, timing_inputs, loader)
            timed = settings.layers or settings.mode == "profile"
            profile = measure_layers(dut, image, timing_inputs[0], loader=loader) if timed else None
            accuracy = None
            if settings.asked is not None:
                accuracy = self._accuracy(loader, settings.asked)
            elif settings.mode == "memory":
                loader.ask(timing_inputs[0])
            stack_used_bytes = measure_stack(dut)
        return {
            "serial_settings": f"{board.port_path} {baud} 8N1",
            "image_sha256": image.image_sha256,
            "build_id": image.build_id,
            "compiler": image.compiler,
            "flags": image.flags,
            "mode": settings.mode or image.mode,
            "flash_bytes": image.size.flash_bytes,
            "ram_bytes": image.size.ram_bytes,
            "stack_bytes": image.size.stack_bytes,
            "stack_used_bytes": stack_used_bytes,
            "macs": image.macs,
            "layers_sha256": self._keep(profile.to_json()) if profile else None,
            "fits": True,
            "load": loader.name,
            "retries": loader.retries + dut.retries,
            "model_id": image.model_id,
            **(self._windows_of(len(timing_inputs)) if performance or energy else {}),
            **(energy or {}),
            **(_timing(performance) if performance else {}),
            **(self._accuracy_figures(accuracy) if accuracy else {}),
        }

    def _performance(self, dut: Dut, inputs: list[bytes], loader: Loader) -> Performance:
        windows = self.settings.rules.windows
        self.on_progress("latency", 0, windows)
        return measure_performance(
            dut,
            inputs,
            self.settings.rules,
            loader=loader,
            on_window=lambda done: self.on_progress("latency", done, windows),
        )

    def _energy(self, dut: Dut, inputs: list[bytes], loader: Loader) -> dict[str, Any]:
        board = self.board
        if board.meter is None:
            raise InputError(
                f'no power meter in the supply of {board.name}; add meter = "lpm01a:PORT" to its row of the bench file'
            )
        windows = self.settings.rules.windows
        self.on_progress("energy", 0, windows)
        with closing(open_meter(board.meter, simulated=board.virtual)) as meter:
            energy = measure_energy(
                dut,
                meter,
                inputs,
                self.settings.rules,
                loader=loader,
                detach=board.close,
                on_window=lambda done: self.on_progress("energy", done, windows),
            )
            return energy_figures(energy, meter)

    def _windows_of(self, count: int) -> dict[str, Any]:
        """On what the windows ran, and what ran before each."""
        samples = self.settings.samples
        names = samples.names[:count] if samples is not None else ("noise",)
        return {"warmup": self.settings.rules.warmup, "timed_inputs": " ".join(names)}

    def _accuracy(self, loader: Loader, total: int) -> Accuracy:
        """Ask for the samples; a run that was killed, or stopped when it was enough, goes on where it was."""
        samples = self.settings.samples
        assert samples is not None
        with Journal(self.answers, total) if self.answers else nullcontext() as journal:
            return measure_accuracy(
                loader,
                samples.names[:total],
                self.inputs[:total],
                samples.y[:total],
                journal=journal,
                on_sample=lambda done: self.on_progress("accuracy", done, total),
                enough=self.enough,
            )

    def _accuracy_figures(self, accuracy: Accuracy) -> dict[str, Any]:
        scores, samples = None, self.settings.samples
        if samples is not None and is_windowed(samples):
            scores = anomaly_scores(accuracy, samples, self.image.output)
        return {"split": self.settings.split, **accuracy_figures(self.settings.store, accuracy, scores)}

    def _keep(self, facts: dict[str, Any]) -> str:
        return self.settings.store.artifacts.put(json.dumps(facts, indent=1).encode(), ".json")


def _timing(performance: Performance) -> dict[str, Any]:
    cycles = {"clock_hz": performance.clock_hz, "cycles": performance.cycles}
    return latency_figures(performance) | cycles
