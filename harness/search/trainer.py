"""The thread that makes models, for all boards of a search; several where a farm trains."""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from functools import partial

from harness.pruning import UNPRUNED, Candidate
from harness.search.models import CandidateModel, ModelShop
from harness.search.observer import Observer
from harness.search.variants import Variant


class Trainer:
    """Makes models in the order asked, each once. Use as a context manager; it may be asked by any thread.

    Args:
        shop: Where models come from.
        observer: Told of the progress.
        threads: Models that are made at the same time.
    """

    def __init__(self, shop: ModelShop, observer: Observer, threads: int = 1) -> None:
        self.shop = shop
        self._observer = observer
        self._thread = ThreadPoolExecutor(threads, "trainer")
        self._lock = threading.Lock()
        self._asked: dict[tuple[str, bool], Future[CandidateModel]] = {}
        self._stopping = threading.Event()

    def __enter__(self) -> "Trainer":
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.shutdown(wait=True, cancel_futures=True)

    def untrained(self, candidate: Candidate) -> "Future[CandidateModel]":
        """The candidate's network before training."""
        return self._once((candidate.key, False), lambda: self.shop.untrained(candidate))

    def trained(self, candidate: Candidate) -> "Future[CandidateModel]":
        """The trained candidate."""

        def made() -> CandidateModel:
            model = self.shop.make(candidate, partial(self._epoch, candidate.key))
            self._observer.made(candidate.key, model.found)
            return model

        return self._once((candidate.key, True), made)

    def varied(self, variant: Variant) -> "Future[CandidateModel]":
        """The trained variant; two boards may mean different networks by one name."""

        def made() -> CandidateModel:
            model = self.shop.vary(variant, partial(self._epoch, variant.key))
            self._observer.made(variant.key, model.found)
            return model

        return self._once((self.shop.variant_key(variant), True), made)

    @property
    def trained_count(self) -> int:
        """Candidates that were trained or found trained; the unpruned network is none of them."""
        with self._lock:
            done = [key for (key, trained), asked in self._asked.items() if trained and _succeeded(asked)]
        return len(set(done) - {UNPRUNED})

    @property
    def untrained_count(self) -> int:
        """Networks that were built untrained or found so."""
        with self._lock:
            return sum(_succeeded(asked) for (_, trained), asked in self._asked.items() if not trained)

    def _once(self, key: tuple[str, bool], make: Callable[[], CandidateModel]) -> "Future[CandidateModel]":
        with self._lock:
            if key not in self._asked:
                self._asked[key] = self._thread.submit(make)
            return self._asked[key]

    def _epoch(self, candidate: str, done: int, total: int) -> None:
        if self._stopping.is_set():
            raise CancelledError
        self._observer.training(candidate, done, total)


def _succeeded(future: "Future[CandidateModel]") -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
