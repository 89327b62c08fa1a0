"""One board's part in a search: what it measures, and what that says of each candidate."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

import numpy as np

from harness.measure import Accuracy
from harness.measure.loader import Output
from harness.pruning import UNPRUNED, Candidate
from harness.search.decide import decide, feasible
from harness.search.evaluate import Evaluator
from harness.search.evidence import TOLERANCE, Evidence, Fault, Standard, find_fault
from harness.search.models import CandidateModel
from harness.search.observer import Observer
from harness.search.paired import DropTest, Flags, Side
from harness.search.spec import StudySpec
from harness.search.subject import Subject
from harness.search.trainer import Trainer
from harness.search.worker import BoardWorker
from harness.store import Decision, Measurement
from harness.tasks import Split


@dataclass
class BoardSearch:
    """The search on one board. To be used by one thread.

    Attributes:
        spec: What is asked.
        board: Name of the unit.
        worker: Measures on it.
        trainer: Makes models.
        observer: Told of what is passed over.
        evaluator: How trained candidates are measured, on all samples.
        unpruned: Board -> what it measured of the unpruned model, for all boards of the search.
        found: What is known of each candidate, by its name.
        models: Trained candidates that were measured, by name.
    """

    spec: StudySpec
    board: str
    worker: BoardWorker
    trainer: Trainer
    observer: Observer
    evaluator: Evaluator
    unpruned: Mapping[str, "Future[Evidence]"]
    found: dict[str, Evidence] = field(default_factory=dict)
    models: dict[str, CandidateModel] = field(default_factory=dict)
    _standard: Standard | None = None

    @property
    def samples(self) -> Split:
        """All samples, in the order asked."""
        assert isinstance(self.evaluator.samples, Split)
        return self.evaluator.samples

    @property
    def standard(self) -> Standard:
        """What accuracy is held against: the unpruned model here, else on the first board that holds it."""
        if self._standard is None:
            order = [self.board, *(board for board in self.unpruned if board != self.board)]
            answers = (self.unpruned[board].result().right for board in order)
            right = next((found for found in answers if found is not None), None)
            self._standard = Standard(right, len(self.samples))
        return self._standard

    def measure_unpruned(self, candidate: Candidate) -> None:
        """The unpruned model comes first, on all samples; the other boards may wait for it."""
        model = self.trainer.trained(candidate).result()
        evidence = self._trained(self.evaluator, model, Evidence(), [], step=True)
        evidence = replace(evidence, timing=evidence.row)
        self.models[UNPRUNED] = model
        self.unpruned[self.board].set_result(evidence)
        self.found[UNPRUNED] = self._with_energy(model, evidence)

    def time_untrained(self, model: CandidateModel) -> None:
        """Latency and memory of a candidate's untrained network; its energy too, where that is limited."""
        timer = replace(self.evaluator, mode="performance", layers=False)
        row = self.worker.evaluate(timer, self._subject(model))
        self.found[model.key] = self._with_energy(model, Evidence(timing=row))

    def share_timing(self, name: str, first: str) -> None:
        """What was timed of one candidate holds for another of the same shape."""
        self.found[name] = Evidence(timing=self.found[first].timing, energy=self.found[first].energy)

    def measure(self, model: CandidateModel, rivals: Sequence["Rival"]) -> None:
        """Latency, memory and layers of a trained candidate, and its accuracy until the rivals decide."""
        self.models[model.key] = model
        stopping = replace(self.evaluator, most=self.spec.samples, stops=bool(rivals))
        self.found[model.key] = self._trained(stopping, model, self.known(model.key), rivals, step=True)

    def confirm(self, name: str) -> None:
        """All figures of a measured candidate on all samples, its energy too where that is limited."""
        known, model = self.known(name), self.models[name]
        if known.row is None or known.row.samples != len(self.samples):
            known = self._trained(self.evaluator, model, known, [], step=False)
        self.found[model.key] = self._with_energy(model, known)

    def fault(self, name: str) -> Fault | None:
        """Why a candidate cannot be chosen, as far as is known."""
        return find_fault(self.known(name), self.spec.limits, self.standard, self.tolerance)

    @property
    def tolerance(self) -> float:
        """How far untrained figures are trusted, a share: `TOLERANCE`, or what trained ones were seen to fall short."""
        pairs = [
            (one.row, one.timing)
            for one in self.found.values()
            if one.row and one.timing and one.row.latency_us and one.timing.latency_us
        ]
        short = [
            1 - mine / its
            for row, timing in pairs
            for mine, its in ((row.latency_us, timing.latency_us), (row.flash_bytes, timing.flash_bytes))
            if mine and its
        ]
        return max([TOLERANCE, *short])

    def is_confirmed(self, row: Measurement) -> bool:
        """Whether all figures that count were measured on all samples, with trained weights."""
        if row.samples != len(self.samples):
            return False
        energy = self.known(str(row.candidate)).energy
        return self.spec.limits.max_energy_uj is None or bool(energy and energy.trained)

    def accepted(self) -> list[Measurement]:
        """Rows of the confirmed candidates within the limits, best first."""
        return [row for row in self.feasible() if self.is_confirmed(row)]

    def feasible(self) -> list[Measurement]:
        """Rows of the trained candidates within the limits, best first."""
        return feasible(self.found, self.spec.limits, self.spec.objective, self.standard)

    def decision(self) -> Decision:
        """The choice by what is known."""
        return decide(self.board, self.found, self.spec.limits, self.spec.objective, self.standard)

    def pass_over(self, name: str, why: str) -> None:
        """A candidate is not trained for this board."""
        self.found[name] = replace(self.known(name), outdone=f"{why}; not trained")
        self.observer.passed_over(self.board, name, why)

    def outdo(self, name: str, why: str) -> None:
        """A candidate that was trained is beaten by another one."""
        self.found[name] = replace(self.known(name), outdone=why)

    def known(self, name: str) -> Evidence:
        return self.found.get(name, Evidence())

    def _trained(
        self,
        evaluator: Evaluator,
        model: CandidateModel,
        known: Evidence,
        rivals: Sequence["Rival"],
        *,
        step: bool,
    ) -> Evidence:
        row = self.worker.evaluate(evaluator, self._subject(model), Stop(self.samples.y, rivals), step=step)
        return replace(known, row=row, right=self._answers(row), outdone=None)

    def _with_energy(self, model: CandidateModel, known: Evidence) -> Evidence:
        if self.spec.limits.max_energy_uj is None or known.figures is None or known.figures.fits is False:
            return known
        meter = replace(self.evaluator, mode="energy", layers=False)
        return replace(known, energy=self.worker.evaluate(meter, self._subject(model), step=False))

    def _answers(self, row: Measurement) -> Flags | None:
        if row.outputs_sha256 is None:
            return None
        return Accuracy.from_csv(self.evaluator.store.artifacts.read(row.outputs_sha256).decode()).right

    def _subject(self, model: CandidateModel) -> Subject:
        return Subject(
            model=model.path,
            name=f"{self.spec.task.name}-{model.key}",
            model_id=self.spec.task.model_id,
            candidate=model.key,
            cut=model.cut,
            head=model.head,
            study=self.spec.name,
            seed=model.seed,
            trained=model.trained,
            float_accuracy=model.float_accuracy,
        )


@dataclass(frozen=True)
class Rival:
    """A model that a candidate's accuracy is held against while samples are asked.

    Attributes:
        right: Which of all samples it answers rightly, bool `[n]`.
        bound: Largest drop from it that is allowed, a share.
        ends: Which outcomes end the asking.
    """

    right: Flags
    bound: float
    ends: frozenset[Side]


class Stop:
    """Ends the asking as soon as a rival decides. Sample number 0 begins anew.

    Args:
        labels: Of all samples, int64 `[n]`.
        rivals: Who decides.
    """

    def __init__(self, labels: "np.typing.NDArray[np.int64]", rivals: Sequence[Rival]) -> None:
        self._labels = labels
        self._rivals = rivals
        self._tests: list[DropTest] = []

    def __call__(self, sample: int, output: Output) -> bool:
        if sample == 0:
            self._tests = [DropTest(rival.right, rival.bound) for rival in self._rivals]
        right = bool(output.argmax() == self._labels[sample])
        sides = [test.add(right) for test in self._tests]
        return any(side in rival.ends for side, rival in zip(sides, self._rivals, strict=True))
