"""Runs a study: makes and measures candidates on all boards at once, decides board by board."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

from harness.bench import resolve
from harness.errors import InputError
from harness.pruning import Candidate, load_recipe
from harness.search.board_search import BoardSearch
from harness.search.compare import explain_differences
from harness.search.crew import Crew
from harness.search.evaluate import Evaluator
from harness.search.evidence import Evidence
from harness.search.observer import Observer
from harness.search.samples import shuffled
from harness.search.selection import asked_candidates, channel_bases, width_bases
from harness.search.shapes import timed_as
from harness.search.spec import StudySpec
from harness.search.strategies import confirm_best, measure_all, measure_first, measure_variant
from harness.search.trainer import Trainer
from harness.search.variants import Sparse
from harness.search.worker import BoardWorker
from harness.store import Decision, Store

Boards = dict[str, tuple[BoardWorker, ThreadPoolExecutor]]
"""Board name -> its worker and the one thread that worker runs in."""


def run_study(
    spec: StudySpec, store: Store, observer: Observer, crew: Crew | None = None
) -> dict[str, Decision]:
    """Run or go on with the study; what is in the store is not made, built or measured again.

    Models are made in one thread; each board measures in a thread of its own meanwhile.

    Args:
        spec: What is asked.
        store: Where everything goes.
        observer: Told of the progress.
        crew: Who makes models and measures; this process where it is None.

    Returns:
        Board -> decision; the rows behind it are in the store.

    Raises:
        InputError: An option or the data cannot be used, or the study was begun with others.
        BoardError: A board cannot be opened at all.
    """
    crew = crew or Crew()
    _check_meters(spec)
    shop = crew.shop(store, spec.task, spec.reference, recipe=spec.recipe)
    candidates = asked_candidates(spec, shop)
    thinned, widened = channel_bases(spec, candidates), width_bases(spec, candidates)
    store.open_study(spec.name, spec.task.name, spec.options())
    store.set_status(spec.name, "running")
    trials = spec.width_trials + _variants(spec)
    observer.started(len(candidates) + trials, tuple(spec.boards), _steps(spec, candidates))
    samples = shuffled(spec.task.test, spec.seed)
    evaluator = Evaluator(store, spec.toolchain, spec.rules, samples, "test", layers=True)
    unpruned: dict[str, Future[Evidence]] = {board: Future() for board in spec.boards}
    # The trainer ends first, since boards may be waiting for it.
    with _board_threads(spec, observer, crew) as boards, Trainer(shop, observer, crew.trainings) as trainer:
        searches = {
            board: BoardSearch(spec, board, worker, trainer, observer, evaluator, unpruned)
            for board, (worker, _) in boards.items()
        }
        running = [
            boards[board][1].submit(partial(_run, search, candidates, thinned, widened))
            for board, search in searches.items()
        ]
        for future in wait(running, return_when=FIRST_EXCEPTION).done:
            future.result()
        decisions = {board: search.decision() for board, search in searches.items()}
        counts = _counts(searches, trainer)
    differs = explain_differences(decisions)
    for board, decision in decisions.items():
        decisions[board] = replace(decision, facts={**decision.facts, "counts": counts, "differs": differs})
        store.save_decision(spec.name, board, decisions[board])
    store.set_status(spec.name, "decided")
    return decisions


def _run(
    search: BoardSearch,
    candidates: Sequence[Candidate],
    thinned: Sequence[Candidate],
    widened: Sequence[Candidate],
) -> None:
    """A board's whole part; whoever waits for its unpruned model hears of an error too."""
    strategy: Callable[[BoardSearch, Sequence[Candidate]], None]
    strategy = measure_all if search.spec.exhaustive else measure_first
    try:
        strategy(search, candidates)
        if widened:
            from harness.search.width_trials import try_widths  # with optuna

            try_widths(search, widened)
        _measure_variants(search, thinned)
        confirm_best(search)
    except BaseException as error:
        if not search.unpruned[search.board].done():
            search.unpruned[search.board].set_exception(error)
        raise


def _measure_variants(search: BoardSearch, bases: Sequence[Candidate]) -> None:
    """What thins instead of cutting: the sparse network, and trials of fewer channels, made of `bases`."""
    spec = search.spec
    if spec.sparsity is not None:
        measure_variant(search, Sparse(spec.sparsity, load_recipe(spec.recipe), spec.seeds[0]))
    if spec.channel_trials:
        from harness.search.channel_trials import try_channels  # with optuna

        try_channels(search, bases)


def _check_meters(spec: StudySpec) -> None:
    """A limit on energy needs a meter: power times latency would be no measurement."""
    if spec.limits.max_energy_uj is None:
        return
    for board in spec.boards:
        unit = resolve(board)
        if unit.meter is None and not unit.virtual:
            raise InputError(
                f"--max-energy-uj needs a power meter in the supply of {board}; add "
                'meter = "lpm01a:PORT" to its row of the bench file or leave the limit out'
            )


def _steps(spec: StudySpec, candidates: Sequence[Candidate]) -> int:
    """Steps of each board: one for each candidate, and one for each network that is timed untrained."""
    timed = 0 if spec.exhaustive else len(set(timed_as(candidates).values())) - 1
    return len(candidates) + timed + spec.width_trials * (1 if spec.exhaustive else 2) + _variants(spec)


def _variants(spec: StudySpec) -> int:
    """Candidates of each board that are thinned."""
    return spec.channel_trials + (spec.sparsity is not None)


def _counts(searches: dict[str, BoardSearch], trainer: Trainer) -> dict[str, int]:
    """What was done, over all boards, and what measuring everything would have been."""
    rows = [evidence.row for search in searches.values() for evidence in search.found.values()]
    candidates = max(len(search.found) for search in searches.values())
    whole = len(next(iter(searches.values())).samples)
    return {
        "candidates": candidates,
        "built": trainer.untrained_count,
        "trained": trainer.trained_count,
        "measured": sum(row is not None for row in rows),
        "fully_measured": sum(row is not None and row.samples == whole for row in rows),
        "boards": len(searches),
        "samples": sum(row.samples or 0 for row in rows if row is not None),
        "samples_exhaustive": candidates * len(searches) * whole,
    }


@contextmanager
def _board_threads(spec: StudySpec, observer: Observer, crew: Crew) -> Iterator[Boards]:
    with ExitStack() as stack:
        boards = {}
        for board in spec.boards:
            worker = stack.enter_context(crew.worker(board, observer))
            thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=board)
            # On an error or Ctrl-C, what is under way is given up and what has not begun is dropped.
            stack.callback(thread.shutdown, wait=True, cancel_futures=True)
            stack.callback(worker.stop)
            boards[board] = (worker, thread)
        yield boards
