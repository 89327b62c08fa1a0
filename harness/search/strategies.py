"""In which order candidates are timed, trained and measured on a board, and when the choice is decided."""

from collections.abc import Callable, Sequence

from harness.pruning import Candidate
from harness.search.board_search import BoardSearch, Rival
from harness.search.evidence import Evidence, decided
from harness.search.models import CandidateModel
from harness.search.objective import cost, order
from harness.search.paired import Side, measure_drop
from harness.search.shapes import timed_as
from harness.search.variants import Variant
from harness.store import Measurement

_WORSE: frozenset[Side] = frozenset({"above"})
_EITHER: frozenset[Side] = frozenset({"above", "below"})


def measure_all(search: BoardSearch, candidates: Sequence[Candidate]) -> None:
    """Train and measure every candidate; `candidates` begins with the unpruned model."""
    models = [search.trainer.trained(candidate) for candidate in candidates]  # boards measure meanwhile
    search.measure_unpruned(candidates[0])
    for model in models[1:]:
        search.measure(model.result(), ())


def measure_first(search: BoardSearch, candidates: Sequence[Candidate]) -> None:
    """Time every candidate untrained; train and measure only those that can still win, in order of promise.

    `candidates` begins with the unpruned model.
    """
    unpruned, *pruned = candidates
    _time_all(search, unpruned, pruned)
    waiting = sorted(pruned, key=lambda one: _promise(search, one, pruned.index(one)))
    # Asked anew each time: how far untrained figures are trusted depends on those that were trained.
    while one := _first(waiting, lambda other: _ruled_out(search, other) is None):
        waiting.remove(one)
        model = search.trainer.trained(one).result()
        if ahead := _first(waiting, lambda other: _ruled_out(search, other) is None):
            search.trainer.trained(ahead)  # while this one is measured
        _measure(search, model)
    for one in waiting:
        search.pass_over(one.key, str(_ruled_out(search, one)))


def measure_variant(search: BoardSearch, variant: Variant) -> Evidence:
    """Train and measure a variant of the whole network.

    Raises:
        SearchError: It cannot be made within its budget.
    """
    _measure(search, search.trainer.varied(variant).result())
    return search.known(variant.key)


def measure_candidate(search: BoardSearch, candidate: Candidate) -> Evidence:
    """Time one more candidate untrained; train and measure it where it can still win.

    One that the search has measured already stays as it is: an optuna trial may propose what is in its list.
    """
    known = search.known(candidate.key)
    if known.row is not None and known.row.status == "ok":
        search.observer.passed_over(search.board, candidate.key, "measured already")
        return known
    if not search.spec.exhaustive:
        search.time_untrained(search.trainer.untrained(candidate).result())
        if why := _ruled_out(search, candidate):
            search.pass_over(candidate.key, why)
            return search.known(candidate.key)
    _measure(search, search.trainer.trained(candidate).result())
    return search.known(candidate.key)


def _measure(search: BoardSearch, model: CandidateModel) -> None:
    """Measure a trained model on all samples, or until its rivals decide."""
    if search.spec.exhaustive:
        search.measure(model, ())
        return
    rivals = rivals_of(search, search.known(model.key))
    search.measure(model, [rival for _, rival in rivals])
    settle(search, model.key, rivals)


def _first(candidates: Sequence[Candidate], meets: Callable[[Candidate], bool]) -> Candidate | None:
    return next(filter(meets, candidates), None)


def settle(search: BoardSearch, name: str, rivals: Sequence[tuple[str, Rival]]) -> None:
    """Confirm a candidate that was measured, where it is better than all that were accepted so far."""
    evidence = search.known(name)
    if evidence.row is None or search.fault(name) is not None:
        return
    objective = search.spec.objective
    for rival_name, rival in rivals:
        right = evidence.right
        if rival_name and right is not None and decided(rival.right, right, rival.bound) == "above":
            points = measure_drop(rival.right, right).points
            if objective == "pareto":
                search.outdo(name, f"slower than {rival_name} and {points} points less accurate")
            else:
                search.outdo(name, f"{points} points less accurate than {rival_name}")
            return
    accepted = search.accepted()
    if (
        objective == "pareto"
        or not accepted
        or order(evidence.row, objective) < order(accepted[0], objective)
    ):
        search.confirm(name)


def confirm_best(search: BoardSearch) -> None:
    """What is chosen must hold on all samples."""
    while rows := search.feasible():
        if search.is_confirmed(rows[0]):
            return
        search.confirm(str(rows[0].candidate))


def rivals_of(search: BoardSearch, known: Evidence) -> list[tuple[str, Rival]]:
    """Who decides when enough samples were asked: the limit on accuracy (no name), and the best so far."""
    objective, standard = search.spec.objective, search.standard
    rivals = []
    try:
        allowed = standard.allowed(search.spec.limits)
    except LookupError:
        allowed = None
    if allowed is not None:
        ends = _EITHER if objective in ("latency", "flash") else _WORSE
        rivals.append(("", Rival(standard.other, allowed, ends)))
    best = _most_accurate(search, known)
    if best is not None:
        right = search.known(str(best.candidate)).right
        assert right is not None
        # On the front a draw is a defeat for the slower one.
        bound = -0.5 / len(right) if objective == "pareto" else 0.0
        rivals.append((str(best.candidate), Rival(right, bound, _WORSE)))
    return rivals


def _most_accurate(search: BoardSearch, known: Evidence) -> Measurement | None:
    """The accepted candidate that this one has to beat in accuracy, if the objective asks for that."""
    accepted = search.accepted()
    if search.spec.objective == "pareto":
        latency_us = known.timing.latency_us if known.timing and known.timing.latency_us else 0.0
        accepted = [row for row in accepted if (row.latency_us or 0.0) * (1 + search.tolerance) < latency_us]
    elif search.spec.objective != "accuracy":
        return None
    return max(accepted, key=lambda row: row.accuracy or 0.0, default=None)


def _time_all(search: BoardSearch, unpruned: Candidate, pruned: Sequence[Candidate]) -> None:
    groups = timed_as([unpruned, *pruned])
    search.trainer.trained(unpruned)  # before the others in the queue: the board waits for it
    first = [one for one in pruned if groups[one.key] == one.key]
    models = [search.trainer.untrained(one) for one in first]
    search.measure_unpruned(unpruned)
    for model in models:
        search.time_untrained(model.result())
    for one in pruned:
        if groups[one.key] != one.key:
            search.share_timing(one.key, groups[one.key])


def _promise(search: BoardSearch, one: Candidate, place: int) -> tuple[float, int]:
    """The smaller, the sooner: fast or small ones; where accuracy is the objective, what keeps most."""
    if search.spec.objective == "accuracy":
        return 0.0, -place
    timing = search.known(one.key).timing
    known = timing is not None and timing.status == "ok"
    return (cost(timing, search.spec.objective) if known and timing else float("inf")), place


def _ruled_out(search: BoardSearch, one: Candidate) -> str | None:
    """Why a candidate cannot be chosen, whatever its accuracy; a failure of the bench rules nothing out."""
    timing = search.known(one.key).timing
    if timing is None or timing.status != "ok":
        return None
    if fault := search.fault(one.key):
        return fault.text
    objective, accepted = search.spec.objective, search.accepted()
    if objective not in ("latency", "flash") or not accepted:
        return None
    ratio = cost(timing, objective) / cost(accepted[0], objective)
    what = "time" if objective == "latency" else "flash"
    return f"{ratio:.2f} x the {what} of {accepted[0].candidate}" if ratio > 1 + search.tolerance else None
