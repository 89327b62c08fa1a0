"""Runs a study: makes every candidate, measures each on every board, decides board by board."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

from harness.pruning import UNPRUNED
from harness.search.decide import by_promise, decide
from harness.search.evaluate import Evaluator
from harness.search.models import CandidateModel, ModelShop
from harness.search.observer import Observer
from harness.search.samples import choose_samples
from harness.search.spec import StudySpec
from harness.search.subject import Subject
from harness.search.worker import BoardWorker
from harness.store import Decision, Measurement, Store

Rows = dict[str, Measurement]
"""Candidate name -> its row on one board."""


Boards = dict[str, tuple[BoardWorker, ThreadPoolExecutor]]
"""Board name -> its worker and the one thread that worker runs in."""


def run_study(spec: StudySpec, store: Store, observer: Observer) -> dict[str, Decision]:
    """Run or go on with the study; what is in the store is not made, built or measured again.

    Training happens in this thread; each board measures in a thread of its own meanwhile.

    Returns:
        Board -> decision; the rows behind it are in the store.

    Raises:
        InputError: An option or the data cannot be used, or the study was begun with others.
        BoardError: A board cannot be opened at all.
    """
    store.open_study(spec.name, spec.task.name, spec.options())
    store.set_status(spec.name, "running")
    shop = ModelShop(store, spec.task, spec.reference, recipe=spec.recipe, seed=spec.seed, frozen=spec.frozen)
    candidates = shop.candidates(spec.heads)
    observer.started(len(candidates), tuple(spec.boards))
    search = Evaluator(
        store, spec.toolchain, spec.rules, choose_samples(spec.task.test, spec.samples, spec.seed), "test"
    )
    with _board_threads(spec, observer) as boards:
        pending: dict[str, list[Future[Measurement]]] = {board: [] for board in boards}
        models: dict[str, CandidateModel] = {}
        for candidate in candidates:
            found = shop.is_made(candidate)
            name = candidate.key
            models[name] = shop.make(candidate, partial(observer.training, name))
            observer.made(name, found)
            for board, (worker, thread) in boards.items():
                pending[board].append(thread.submit(worker.evaluate, search, _subject(spec, models[name])))
            _raise_early(pending)
        rows = {
            board: {str(row.candidate): row for row in (future.result() for future in futures)}
            for board, futures in pending.items()
        }
        decisions = _confirm_all(spec, boards, replace(search, samples=spec.task.test), models, rows)
    for board, decision in decisions.items():
        store.save_decision(spec.name, board, decision)
    store.set_status(spec.name, "decided")
    return decisions


def _subject(spec: StudySpec, model: CandidateModel) -> Subject:
    candidate = model.candidate
    return Subject(
        model=model.path,
        name=f"{spec.task.name}-{candidate.key}",
        model_id=spec.task.model_id,
        candidate=candidate.key,
        cut=candidate.cut,
        head=candidate.head,
        study=spec.name,
        seed=candidate.seed,
    )


def _confirm_all(
    spec: StudySpec,
    boards: Boards,
    evaluator: Evaluator,
    models: dict[str, CandidateModel],
    rows: dict[str, Rows],
) -> dict[str, Decision]:
    """Decide board by board; what is chosen must hold on all test samples, as the unpruned model has them."""

    def on_all_samples(board: str, name: str) -> Future[Measurement]:
        worker, thread = boards[board]
        return thread.submit(worker.evaluate, evaluator, _subject(spec, models[name]))

    assert evaluator.samples is not None
    every = len(evaluator.samples)
    able = [board for board in boards if rows[board][UNPRUNED].accuracy is not None]
    whole = {
        board: on_all_samples(board, UNPRUNED) for board in able if rows[board][UNPRUNED].samples != every
    }
    own = {board: whole[board].result() if board in whole else rows[board][UNPRUNED] for board in able}
    decisions = {}
    for board in boards:
        # Where the unpruned model does not fit, it is taken from a board that holds it.
        measured = [(own[b], rows[b][UNPRUNED]) for b in ([board] if board in able else able[:1])]
        references = {
            int(row.samples): float(row.accuracy)
            for pair in measured
            for row in pair
            if row.samples is not None and row.accuracy is not None
        }
        final = dict(rows[board])
        if board in own:
            final[UNPRUNED] = own[board]
        while ranked := by_promise(final, spec.limits, references):
            if final[ranked[0]].samples == every:
                break
            final[ranked[0]] = on_all_samples(board, ranked[0]).result()
        decisions[board] = decide(board, final, spec.limits, references)
    return decisions


@contextmanager
def _board_threads(spec: StudySpec, observer: Observer) -> Iterator[Boards]:
    with ExitStack() as stack:
        boards = {}
        for board in spec.boards:
            worker = stack.enter_context(BoardWorker(board, observer))
            thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=board)
            # On an error or Ctrl-C, what is under way is given up and what has not begun is dropped.
            stack.callback(thread.shutdown, wait=True, cancel_futures=True)
            stack.callback(worker.stop)
            boards[board] = (worker, thread)
        yield boards


def _raise_early(pending: dict[str, list[Future[Measurement]]]) -> None:
    """Raise a board's error as soon as it is known, rather than after all training."""
    for futures in pending.values():
        for future in futures:
            if future.done():
                future.result()
