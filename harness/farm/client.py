"""The connection to a farm: who is there, and jobs that do not wait for ever."""

import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from harness.errors import BoardError, HarnessError, InputError
from harness.farm.names import boards_of

LOST_S = 60.0
"""How long a job waits for a worker that can do it, once there is none."""

_CONNECT_S = 15.0
_POLL_S = 0.5
T = TypeVar("T")


class Farm:
    """A connection to a Dask scheduler. Use as a context manager; several threads may use it.

    Args:
        address: `dask://HOST:PORT`.

    Raises:
        InputError: The address is none, nobody answers there, or `distributed` is not installed.
    """

    def __init__(self, address: str) -> None:
        try:
            import distributed
        except ImportError as error:
            raise InputError("a farm needs Dask: pip install 'tinyml-harness[farm]'") from error
        try:
            client: Any = distributed.Client
            self._client = client(scheduler_url(address), timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:  # TimeoutError is an OSError
            raise InputError(
                f"no Dask scheduler answers at {address} ({error}); start one with `dask scheduler`"
            ) from error

    def __enter__(self) -> "Farm":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def resources(self) -> list[dict[str, float]]:
        """What each worker declares."""
        info = self._client.scheduler_info(n_workers=-1)
        return [dict(worker["resources"]) for worker in info["workers"].values()]

    def kind_of(self, board: str) -> str:
        """Kind of a board that a worker has.

        Raises:
            InputError: No worker has it.
        """
        boards = {name: kind for each in self.resources() for name, kind in boards_of(each).items()}
        if board not in boards:
            known = f"there are: {', '.join(sorted(boards))}" if boards else "no worker has any"
            raise InputError(f"no worker of the farm has the board {board!r}; {known}")
        return boards[board]

    def run(
        self,
        resource: str,
        job: Callable[..., T | HarnessError],
        *arguments: Any,
        on_wait: Callable[[], None] = lambda: None,
    ) -> T:
        """Run a job on a worker that has the resource; where that worker is lost, on another one that has it.

        Args:
            resource: What the worker must have, one of it.
            job: A function of `harness.farm.remote`.
            arguments: Its arguments.
            on_wait: Called twice a second; what it raises ends the waiting.

        Raises:
            BoardError: No worker can do it, or every one that began it was lost.
            HarnessError: What the job gave in place of a result.
        """
        future = self._client.submit(job, *arguments, resources={resource: 1}, pure=False)
        try:
            result: T | HarnessError = self._result(future, resource, on_wait)
        except BaseException:
            future.cancel(force=True)
            raise
        if isinstance(result, HarnessError):
            raise result
        return result

    def _result(self, future: Any, resource: str, on_wait: Callable[[], None]) -> Any:
        from distributed import KilledWorker

        seen = time.monotonic()
        while not future.done():
            on_wait()
            time.sleep(_POLL_S)
            if any(resource in each for each in self.resources()):
                seen = time.monotonic()
            elif time.monotonic() - seen > LOST_S:
                raise BoardError(
                    _what(resource), "no worker of the farm has it any more; start `harness worker` there"
                )
        try:
            return future.result()
        except KilledWorker as error:
            raise BoardError(_what(resource), f"every worker that began the job was lost: {error}") from error


def scheduler_url(address: str) -> str:
    """`tcp://HOST:PORT` of `dask://HOST:PORT`.

    Raises:
        InputError: It is no such address.
    """
    try:
        parts = urlsplit(address)
        if parts.scheme in ("dask", "tcp") and parts.hostname and parts.port:
            return f"tcp://{parts.netloc}"
    except ValueError:
        pass
    raise InputError(f"{address!r} is no address of a scheduler; give it as dask://HOST:PORT")


def _what(resource: str) -> str:
    return next(iter(boards_of([resource])), resource)
