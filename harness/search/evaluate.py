"""One model on one board: build, flash, measure, store."""

import json
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.bench import LeasedBoard
from harness.config.kinds import BoardKind
from harness.config.paths import ensure_writable
from harness.dut import Dut
from harness.errors import BoardError, DoesNotFitError, InputError, MeasurementError
from harness.firmware import Image
from harness.measure import (
    Accuracy,
    GivenSamples,
    Journal,
    Loader,
    Performance,
    PerformanceRules,
    PhaseTime,
    anomaly_scores,
    make_loader,
    measure_accuracy,
    measure_energy,
    measure_layers,
    measure_performance,
    measure_stack,
    predict,
    start_image,
)
from harness.measure.meters import open_meter
from harness.search.answers import answers_file
from harness.search.figures import accuracy_figures, energy_figures, latency_figures
from harness.search.images import get_image
from harness.search.inputs import inputs_for, is_windowed
from harness.search.rows import row_of
from harness.search.subject import Subject
from harness.store import Measurement, Store
from harness.tasks import Split

MODES = ("performance", "accuracy", "memory", "energy", "profile")

Progress = Callable[[str, int, int], None]
"""Called with a phase (`build`, `flash`, `latency`, `accuracy`), steps done and steps in all."""


@dataclass(frozen=True)
class Evaluator:
    """Measures subjects under fixed settings.

    Attributes:
        store: Where rows and artifacts go.
        toolchain: `"zig"` or `"gcc"`.
        rules: How latency is measured.
        samples: Labelled samples for accuracy; None for latency and memory only.
        split: Name of the split they are from.
        layers: Whether each layer is timed too.
        mode: One of `MODES`; None for latency, and accuracy where there are samples.
        load: How samples get into the device; None for the fastest way.
    """

    store: Store
    toolchain: str = "zig"
    rules: PerformanceRules = field(default_factory=PerformanceRules)
    samples: Split | GivenSamples | None = None
    split: str | None = None
    layers: bool = False
    mode: str | None = None
    load: str | None = None

    def find(self, subject: Subject, board: str) -> Measurement | None:
        """The row of the same study that this evaluator once stored for the subject on `board`, if any.

        Outside a study every call measures anew.
        """
        if subject.study is None:
            return None
        wanted = len(self.samples) if self.samples is not None else None
        rows = self.store.measurements(
            study=subject.study,
            board=board,
            candidate=subject.candidate,
            model_sha256=subject.sha256,
            status="ok",
        )
        matching = [row for row in rows if row.fits is False or row.samples == wanted]
        return matching[-1] if matching else None

    def evaluate(
        self,
        subject: Subject,
        board: LeasedBoard,
        on_progress: Progress,
        on_predicted: Callable[[tuple[PhaseTime, ...]], None] = lambda phases: None,
    ) -> Measurement:
        """Build, flash, measure and store; an image that does not fit is a row too.

        A real board's time is predicted once the image is there.

        Raises:
            InputError: The model cannot be run, or its shape is not that of the samples.
            BuildError: The compiler refused.
            BoardError: The board failed; nothing is stored.
            MeasurementError: The figures cannot be trusted; nothing is stored.
        """
        on_progress("build", 0, 1)
        try:
            image = self._image(subject, board.kind)
        except DoesNotFitError as error:
            return self.store.add(self._unfit_row(subject, board, error))
        inputs = inputs_for(image, self.samples)
        if not board.virtual:
            on_predicted(self._predict(image, board))
        on_progress("flash", 0, 1)
        board.flash(image)
        row = self.store.add(self._measure(subject, board, image, inputs, on_progress))
        self._answers_file(image, board).unlink(missing_ok=True)  # only now are they safe elsewhere
        board.recoveries.clear()  # the row tells of them
        return row

    def build(self, subject: Subject, kind: BoardKind) -> None:
        """Build the image for `evaluate` to find; one that does not fit is found there too.

        Raises:
            InputError: The model cannot be run.
            BuildError: The compiler refused.
        """
        with suppress(DoesNotFitError):
            self._image(subject, kind)

    def _image(self, subject: Subject, kind: BoardKind) -> Image:
        return get_image(
            self.store,
            subject.model,
            subject.sha256,
            kind,
            toolchain=self.toolchain,
            model_id=subject.model_id,
            padding_bytes=subject.padding_bytes,
            mode="energy" if self.mode == "energy" else "performance",
        )

    def _predict(self, image: Image, board: LeasedBoard) -> tuple[PhaseTime, ...]:
        asked = self.samples if self.mode in (None, "accuracy") else None
        rules = self.rules if self.mode in (None, "performance") else None
        samples = 0 if asked is None else len(asked)
        return predict(image, board.kind, board.baud, self.load or "swd", samples, rules)

    def record_failure(
        self, subject: Subject, board: LeasedBoard, error: BoardError | MeasurementError
    ) -> Measurement:
        """Store that the infrastructure failed; it says nothing of the subject."""
        message = str(error).removeprefix(f"{board.name}: ")  # the row names the board already
        return self.store.add(
            row_of(
                subject,
                board,
                mode=self.mode or "performance",
                status="failed",
                failure=f"{type(error).__name__}: {message}",
            )
        )

    def _measure(
        self,
        subject: Subject,
        board: LeasedBoard,
        image: Image,
        inputs: npt.NDArray[np.int8],
        on_progress: Progress,
    ) -> Measurement:
        baud = board.kind.baud_of("energy") if image.mode == "energy" else board.baud
        with board.open_serial(baud) as port:
            dut = start_image(board, image, port)
            loader = make_loader(dut, board, image, self.load)
            timing_inputs = [sample.tobytes() for sample in inputs[: self.rules.windows]]
            energy = None
            if self.mode == "energy":
                energy = self._energy(dut, board, timing_inputs, loader, on_progress)
            performance = None
            if self.mode in (None, "performance"):
                windows = self.rules.windows
                on_progress("latency", 0, windows)
                performance = measure_performance(
                    dut,
                    timing_inputs,
                    self.rules,
                    loader=loader,
                    on_window=lambda done: on_progress("latency", done, windows),
                )
            timed = self.layers or self.mode == "profile"
            profile = measure_layers(dut, image, timing_inputs[0], loader=loader) if timed else None
            accuracy = None
            if self.samples is not None and self.mode in (None, "accuracy"):
                accuracy = self._accuracy(board, image, inputs, loader, on_progress)
            elif self.mode == "memory":
                loader.ask(timing_inputs[0])
            stack_used_bytes = measure_stack(dut)
        return row_of(
            subject,
            board,
            serial_settings=f"{board.port_path} {baud} 8N1",
            image_sha256=image.image_sha256,
            build_id=image.build_id,
            compiler=image.compiler,
            flags=image.flags,
            mode=self.mode or image.mode,
            flash_bytes=image.size.flash_bytes,
            ram_bytes=image.size.ram_bytes,
            stack_bytes=image.size.stack_bytes,
            stack_used_bytes=stack_used_bytes,
            macs=image.macs,
            layers_sha256=self._keep(profile.to_json()) if profile else None,
            fits=True,
            load=loader.name,
            retries=loader.retries + dut.retries,
            padding_bytes=subject.padding_bytes or None,
            model_id=image.model_id,
            **(self._windows_of(len(timing_inputs)) if performance or energy else {}),
            **(energy or {}),
            **(_timing(performance) if performance else {}),
            **(self._accuracy_figures(accuracy, image) if accuracy else {}),
        )

    def _energy(
        self,
        dut: Dut,
        board: LeasedBoard,
        inputs: list[bytes],
        loader: Loader,
        on_progress: Progress,
    ) -> dict[str, Any]:
        if board.meter is None:
            raise InputError(
                f'no power meter in the supply of {board.name}; add meter = "lpm01a:PORT" to its row of the bench file'
            )
        windows = self.rules.windows
        on_progress("energy", 0, windows)
        with closing(open_meter(board.meter, simulated=board.virtual)) as meter:
            energy = measure_energy(
                dut,
                meter,
                inputs,
                self.rules,
                loader=loader,
                detach=board.close,
                on_window=lambda done: on_progress("energy", done, windows),
            )
            return energy_figures(energy, meter)

    def _windows_of(self, count: int) -> dict[str, Any]:
        """On what the windows ran, and what ran before each."""
        names = self.samples.names[:count] if self.samples is not None else ("noise",)
        return {"warmup": self.rules.warmup, "timed_inputs": " ".join(names)}

    def _accuracy(
        self,
        board: LeasedBoard,
        image: Image,
        inputs: npt.NDArray[np.int8],
        loader: Loader,
        on_progress: Progress,
    ) -> Accuracy:
        """Ask for every sample; a run that was killed goes on where it stopped."""
        assert self.samples is not None
        total = len(inputs)
        path = self._answers_file(image, board)
        ensure_writable(path.parent)
        with Journal(path, total) as journal:
            return measure_accuracy(
                loader,
                self.samples.names,
                inputs,
                self.samples.y,
                journal=journal,
                on_sample=lambda done: on_progress("accuracy", done, total),
            )

    def _answers_file(self, image: Image, board: LeasedBoard) -> Path:
        return answers_file(self.store, image, board, self.samples, self.load)

    def _accuracy_figures(self, accuracy: Accuracy, image: Image) -> dict[str, Any]:
        scores = None
        if self.samples is not None and is_windowed(self.samples):
            scores = anomaly_scores(accuracy, self.samples, image.output)
        return {"split": self.split, **accuracy_figures(self.store, accuracy, scores)}

    def _keep(self, facts: dict[str, Any]) -> str:
        return self.store.artifacts.put(json.dumps(facts, indent=1).encode(), ".json")

    def _unfit_row(self, subject: Subject, board: LeasedBoard, error: DoesNotFitError) -> Measurement:
        return row_of(
            subject,
            board,
            fits=False,
            unfit_memory=error.memory,
            needed_bytes=error.needed_bytes,
            available_bytes=error.available_bytes,
        )


def _timing(performance: Performance) -> dict[str, Any]:
    cycles = {"clock_hz": performance.clock_hz, "cycles": performance.cycles}
    return latency_figures(performance) | cycles
