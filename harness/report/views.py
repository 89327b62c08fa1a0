"""What a study's rows say, candidate by candidate: the figures that report and table show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.config.kinds import load_kind
from harness.errors import InputError
from harness.store import Decision, Measurement, Store, Study


@dataclass(frozen=True, kw_only=True)
class CandidateView:
    """One candidate on one board, from its newest rows.

    Attributes:
        name: Of the candidate.
        latency: Newest row with a latency, if any.
        accuracy: Newest row with an accuracy, if any; of the study's split where it names one.
        image: Newest row that says whether and how the image fits.
        layers: Newest row with each layer's cycles, if any.
        failure: Of the newest row, where the infrastructure failed and nothing was measured.
        verdict: Why it was chosen or not, in a few words.
        chosen: Whether it was chosen.
        on_front: Whether no other candidate is both faster and as accurate.
    """

    name: str
    latency: Measurement | None
    accuracy: Measurement | None
    image: Measurement | None
    layers: Measurement | None
    failure: str | None
    verdict: str
    chosen: bool
    on_front: bool

    @property
    def newest(self) -> Measurement | None:
        """Some row of it, for what all have in common."""
        return self.latency or self.accuracy or self.image

    @property
    def cut(self) -> str | None:
        """Layer it is cut after; None for a network in its whole depth."""
        return self.newest.cut if self.newest else None

    @property
    def head(self) -> str | None:
        """Head put there."""
        return self.newest.head if self.newest else None

    @property
    def fits(self) -> bool:
        """Whether nothing says that it does not fit."""
        return self.image is None or self.image.fits is not False

    @property
    def latency_us(self) -> float | None:
        """Median microseconds of one inference."""
        return self.latency.latency_us if self.latency else None

    def size_bytes(self, memory: str) -> int | None:
        """What it needs of `flash` or `ram`, also where that is more than there is."""
        row = self.image
        if row is None:
            return None
        if row.fits is False and row.unfit_memory == memory:
            return row.needed_bytes
        return row.flash_bytes if memory == "flash" else row.ram_bytes


@dataclass(frozen=True, kw_only=True)
class BoardView:
    """A study on one board.

    Attributes:
        name: Of the unit.
        kind: Name of its kind.
        title: Vendor's name of the kind.
        virtual: Whether its latencies are estimates.
        flash_bytes: Flash of the board; None where its kind is not known here.
        ram_bytes: RAM of the board.
        candidates: In the order of their first rows.
        decision: What was decided, if that far.
        rows: All rows, oldest first.
    """

    name: str
    kind: str
    title: str
    virtual: bool
    flash_bytes: int | None
    ram_bytes: int | None
    candidates: list[CandidateView]
    decision: Decision | None
    rows: list[Measurement]

    @property
    def chosen(self) -> CandidateView | None:
        """The chosen candidate."""
        return next((view for view in self.candidates if view.chosen), None)

    @property
    def unpruned(self) -> CandidateView | None:
        """The model as it was given."""
        return next(
            (view for view in self.candidates if view.newest and view.cut is None and view.head is None), None
        )


def limits_of(study: Study, decision: Decision | None = None) -> dict[str, Any]:
    """The limits that were asked for, those not given left out."""
    limits = (decision.facts.get("limits") if decision else None) or study.options.get("limits") or {}
    return {name: value for name, value in limits.items() if value is not None}


def least_accuracy(board: BoardView, study: Study) -> float | None:
    """The least accuracy the limits allow on this board, in [0, 1]; None where they name none."""
    limits = limits_of(study, board.decision)
    floors = [limits["min_accuracy"]] if "min_accuracy" in limits else []
    reference = board.decision.facts.get("reference_accuracy") if board.decision else None
    if reference is None and board.unpruned and board.unpruned.accuracy:
        reference = board.unpruned.accuracy.accuracy
    if "max_accuracy_drop" in limits and reference is not None:
        floors.append(reference - limits["max_accuracy_drop"] / 100)
    return max(floors, default=None)


def board_views(store: Store, study: Study) -> list[BoardView]:
    """The study board by board, in the order it names them.

    Raises:
        StoreError: The store cannot be read.
    """
    rows = store.measurements(study.name)
    asked = study.options.get("boards") or []
    names = dict.fromkeys([*map(str, asked), *(row.board for row in rows), *study.decisions])
    return [_board(name, [row for row in rows if row.board == name], study) for name in names]


def _board(name: str, rows: list[Measurement], study: Study) -> BoardView:
    decision = study.decisions.get(name)
    by_candidate: dict[str, list[Measurement]] = {}
    for row in rows:
        by_candidate.setdefault(row.candidate or row.model_name, []).append(row)
    by_candidate |= _timed_as_others(by_candidate, decision)
    split = study.options.get("split")
    newest = {key: _newest(mine, split) for key, mine in by_candidate.items()}
    front = _front(list(newest.values()))
    views = [
        CandidateView(
            name=key,
            latency=latency,
            accuracy=accuracy,
            image=image,
            layers=next((row for row in reversed(mine) if row.layers_sha256 and row.clock_hz), None),
            failure=mine[-1].failure if latency is None and mine[-1].status == "failed" else None,
            verdict=_verdict(key, decision, image, mine[-1]),
            chosen=decision is not None and decision.candidate == key,
            on_front=(latency, accuracy) in front,
        )
        for (key, mine), (latency, accuracy, image) in zip(by_candidate.items(), newest.values(), strict=True)
    ]
    kind = rows[-1].kind if rows else ""
    title, flash_bytes, ram_bytes = kind, None, None
    try:
        facts = load_kind(kind)
        title, flash_bytes, ram_bytes = facts.title, facts.flash.size_bytes, facts.ram.size_bytes
    except InputError:
        pass  # rows may come from a harness that knew other kinds
    return BoardView(
        name=name,
        kind=kind,
        title=title,
        virtual=any(row.virtual for row in rows),
        flash_bytes=flash_bytes,
        ram_bytes=ram_bytes,
        candidates=views,
        decision=decision,
        rows=rows,
    )


def _timed_as_others(
    by_candidate: Mapping[str, list[Measurement]], decision: Decision | None
) -> dict[str, list[Measurement]]:
    """Candidates without a row of their own: those of a shape that was timed once, for another one too."""
    evidence = decision.facts.get("evidence", {}) if decision else {}
    found = {}
    for name, facts in evidence.items():
        rows = by_candidate.get(str(facts.get("timed_as")), [])
        if name not in by_candidate and (untrained := [row for row in rows if row.trained is False]):
            found[name] = untrained
    return found


_Newest = tuple[Measurement | None, Measurement | None, Measurement | None]


def _newest(rows: Sequence[Measurement], split: str | None) -> _Newest:
    """Newest rows with a latency, an accuracy, and a word on the memory."""
    good = [row for row in reversed(rows) if row.status == "ok"]
    scored = [row for row in good if row.accuracy is not None]
    same_split = [row for row in scored if split is None or row.split == split]
    return (
        next((row for row in good if row.latency_us is not None), None),
        next(iter(same_split or scored), None),
        next((row for row in good if row.fits is False or row.flash_bytes is not None), None),
    )


def _front(newest: Sequence[_Newest]) -> list[tuple[Measurement, Measurement]]:
    """The (latency, accuracy) pairs that no other beats: fastest first, each more accurate than the last."""
    pairs = [(latency, accuracy) for latency, accuracy, _ in newest if latency and accuracy]
    pairs.sort(key=lambda pair: (pair[0].latency_us or 0.0, -(pair[1].accuracy or 0.0)))
    front: list[tuple[Measurement, Measurement]] = []
    best = -1.0
    for latency, accuracy in pairs:
        if (accuracy.accuracy or 0.0) > best:
            best = accuracy.accuracy or 0.0
            front.append((latency, accuracy))
    return front


def _verdict(name: str, decision: Decision | None, image: Measurement | None, last: Measurement) -> str:
    if decision and name in decision.verdicts:
        return decision.verdicts[name]
    if image is not None and image.fits is False:
        memory = "flash" if image.unfit_memory == "flash" else "RAM"
        return (
            f"does not fit: needs {image.needed_bytes or 0:,} bytes of {memory}, "
            f"the board has {image.available_bytes or 0:,}"
        )
    if last.status == "failed":
        return f"not measured: {last.failure}"
    return "not judged" if decision else "not decided yet"
