"""One model on one board: build, flash, measure, store."""

from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass

from harness.bench import LeasedBoard
from harness.config.kinds import BoardKind
from harness.errors import BoardError, DoesNotFitError, MeasurementError
from harness.firmware import Image
from harness.measure import PhaseTime, predict
from harness.search.answers import answers_file, held_answers
from harness.search.board_run import BoardRun
from harness.search.images import get_image
from harness.search.inputs import inputs_for
from harness.search.rows import row_of
from harness.search.settings import MODES, Enough, Progress, Settings, never_enough
from harness.search.subject import Subject
from harness.store import Measurement

__all__ = ["MODES", "Evaluator", "Progress"]


@dataclass(frozen=True)
class Evaluator(Settings):
    """Measures subjects under fixed settings."""

    def find(self, subject: Subject, board: str) -> Measurement | None:
        """The row of the same study that this evaluator once stored for the subject on `board`, if any.

        Outside a study every call measures anew.
        """
        if subject.study is None:
            return None
        rows = self.store.measurements(
            study=subject.study,
            board=board,
            candidate=subject.candidate,
            model_sha256=subject.sha256,
            mode=self.mode or "performance",
            status="ok",
        )
        matching = [row for row in rows if row.fits is False or self._is_whole(row)]
        return matching[-1] if matching else None

    def _is_whole(self, row: Measurement) -> bool:
        """Whether the row has all that this evaluator measures."""
        if self.asked is None or row.samples is None:
            return row.samples == self.asked
        return row.samples == self.asked or (self.stops and row.samples < self.asked)

    def evaluate(
        self,
        subject: Subject,
        board: LeasedBoard,
        on_progress: Progress,
        on_predicted: Callable[[tuple[PhaseTime, ...]], None] = lambda phases: None,
        enough: Enough = never_enough,
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
        path = answers_file(self.store, image, board, self.samples, self.load, subject.study)
        with held_answers(path) if self.asked is not None else nullcontext() as answers:
            run = BoardRun(self, board, image, inputs, on_progress, answers, enough)
            row = self.store.add(row_of(subject, board, **run.figures()))
            if answers and self.samples is not None and row.samples == len(self.samples):
                answers.unlink(missing_ok=True)  # only now are they safe elsewhere
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
            whole=subject.whole,
            mode="energy" if self.mode == "energy" else "performance",
        )

    def _predict(self, image: Image, board: LeasedBoard) -> tuple[PhaseTime, ...]:
        rules = self.rules if self.mode in (None, "performance") else None
        samples = self.asked or 0
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

    def _unfit_row(self, subject: Subject, board: LeasedBoard, error: DoesNotFitError) -> Measurement:
        return row_of(
            subject,
            board,
            mode="performance" if self.mode is None else self.mode,
            fits=False,
            unfit_memory=error.memory,
            needed_bytes=error.needed_bytes,
            available_bytes=error.available_bytes,
        )
