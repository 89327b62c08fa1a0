"""Boards of this machine that stay open between the jobs of a farm."""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from harness.search.observer import Observer
from harness.search.worker import BoardWorker

IDLE_S = 15.0
"""How long a board stays open after a job: the next one of a search mostly follows at once."""

_END_S = 10.0
_LOG = logging.getLogger(__name__)
T = TypeVar("T")


class KeptBoard:
    """One board, in a thread of its own: a lease belongs to the thread that took it, and jobs come from many.

    Args:
        board: Name of the unit here.
    """

    def __init__(self, board: str) -> None:
        self._worker = BoardWorker(board, Observer())
        self._jobs: queue.SimpleQueue[tuple[Callable[[BoardWorker], Any], Future[Any]] | None]
        self._jobs = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name=f"kept {board}", daemon=True)
        self._thread.start()

    def run(self, job: Callable[[BoardWorker], T]) -> T:
        """Do a job on the board, after those that were given before; raises what the job raises."""
        done: Future[T] = Future()
        self._jobs.put((job, done))
        return done.result()

    def close(self) -> None:
        """Give up the job under way at its next step, and release the board."""
        self._worker.stop()
        self._jobs.put(None)
        self._thread.join(_END_S)

    def _serve(self) -> None:
        with self._worker:
            while (given := self._next()) is not None:
                job, done = given
                try:
                    done.set_result(job(self._worker))
                except BaseException as error:  # for the one who waits
                    done.set_exception(error)

    def _next(self) -> tuple[Callable[[BoardWorker], Any], Future[Any]] | None:
        try:
            return self._jobs.get(timeout=IDLE_S)
        except queue.Empty:
            try:
                self._worker.release()
            except Exception:  # the next job finds out what is wrong, in its own words
                _LOG.exception("releasing a board")
            return self._jobs.get()


_kept: dict[str, KeptBoard] = {}
_keeping = threading.Lock()


def kept_board(board: str) -> KeptBoard:
    """The one that keeps a board of this machine."""
    with _keeping:
        if board not in _kept:
            _kept[board] = KeptBoard(board)
        return _kept[board]


def close_boards() -> None:
    """Release all boards; what is under way on them is given up."""
    with _keeping:
        boards = list(_kept.values())
        _kept.clear()
    for board in boards:
        board.close()
