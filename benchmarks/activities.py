"""What the threads of a search were at: wall seconds, taken from outside while it runs."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from rich.table import Table

from harness.bench import LeasedBoard
from harness.search.evaluate import Evaluator
from harness.search.models import ModelShop
from harness.search.observer import Observer
from harness.store import Store

TRAINER = "trainer"
_OTHER = "feature maps, untrained networks, float accuracy"
_STAGE_FACTS = {"train_s": "training", "quantize_s": "quantising"}


class Activities(Observer):
    """Adds up wall seconds by who was at what: the thread that makes models, and each board.

    A board's phases are those it tells of; its figures by layer count as latency. What nobody was at is waiting.

    Attributes:
        seconds: (who, activity) -> wall seconds, in the order they first came.
        wall_s: Of the whole search.
    """

    def __init__(self) -> None:
        self.seconds: dict[tuple[str, str], float] = {}
        self.wall_s = 0.0
        self._lock = threading.Lock()
        self._phases: dict[str, tuple[str, float]] = {}

    def measuring(self, board: str, candidate: str, phase: str, done: int, total: int) -> None:
        """The board is at `phase` from now on."""
        self._switch(board, phase)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the search that runs in the block."""
        evaluate, finish_stage = Evaluator.evaluate, Store.finish_stage
        activities = self

        def evaluated(evaluator: Evaluator, subject: Any, board: LeasedBoard, *arguments: Any) -> Any:
            try:
                return evaluate(evaluator, subject, board, *arguments)
            finally:
                activities._switch(board.name, None)

        def finished(store: Store, key: str, outputs: Mapping[str, str], facts: Mapping[str, Any]) -> Any:
            for fact, activity in _STAGE_FACTS.items():
                activities._add(TRAINER, activity, facts.get(fact, 0.0))
            return finish_stage(store, key, outputs, facts)

        started = time.perf_counter()
        with (
            mock.patch.object(Evaluator, "evaluate", evaluated),
            mock.patch.object(Store, "finish_stage", finished),
            mock.patch.object(ModelShop, "make", self._made(ModelShop.make)),
            mock.patch.object(ModelShop, "untrained", self._made(ModelShop.untrained)),
            mock.patch.object(ModelShop, "vary", self._made(ModelShop.vary)),
        ):
            yield
        self.wall_s = time.perf_counter() - started

    def table(self) -> Table:
        """A row for each activity, with its share of the whole search's time."""
        table = Table("who", "at what", "seconds", "share")
        for column in table.columns[2:]:
            column.justify = "right"
        for who in dict.fromkeys(who for who, _ in self.seconds):
            own = {activity: spent for (other, activity), spent in self.seconds.items() if other == who}
            for activity, spent in {**own, "waiting": self.wall_s - sum(own.values())}.items():
                table.add_row(who, activity, f"{spent:.0f}", f"{spent / self.wall_s:.0%}")
        return table

    def _made(self, make: Callable[..., Any]) -> Callable[..., Any]:
        """`make`, whose time is `_OTHER` but for what the stages that it finishes say of theirs."""

        def timed(shop: ModelShop, *arguments: Any) -> Any:
            told = sum(self.seconds.get((TRAINER, activity), 0.0) for activity in _STAGE_FACTS.values())
            started = time.perf_counter()
            model = make(shop, *arguments)
            spent = time.perf_counter() - started
            now = sum(self.seconds.get((TRAINER, activity), 0.0) for activity in _STAGE_FACTS.values())
            self._add(TRAINER, _OTHER, spent - (now - told))
            return model

        return timed

    def _switch(self, board: str, phase: str | None) -> None:
        now = time.perf_counter()
        before = self._phases.pop(board, None)
        if before is not None:
            self._add(board, before[0], now - before[1])
        if phase is not None:
            self._phases[board] = phase, now

    def _add(self, who: str, activity: str, seconds: float) -> None:
        with self._lock:
            self.seconds[who, activity] = self.seconds.get((who, activity), 0.0) + seconds
