"""This machine as a worker of a farm."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from typing import Any

from harness.errors import InputError
from harness.farm.client import scheduler_url
from harness.farm.kept import close_boards
from harness.farm.names import TRAINING, board_resource

_CONNECT_S = "15s"


def serve(
    scheduler: str, boards: Mapping[str, str], *, trains: bool, on_ready: Callable[[str], None]
) -> None:
    """Work for a scheduler until it is gone or the process is told to end.

    Each board does one job at a time, and the machine trains one model at a time.

    Args:
        scheduler: `dask://HOST:PORT`.
        boards: Board -> its kind.
        trains: Whether this machine trains models too.
        on_ready: Called with the worker's address once it works.

    Raises:
        InputError: Nobody answers there, or `distributed` is not installed.
    """
    resources = {board_resource(kind, name): 1.0 for name, kind in boards.items()}
    if trains:
        resources[TRAINING] = 1.0
    try:
        asyncio.run(_serve(scheduler_url(scheduler), resources, on_ready))
    finally:
        close_boards()


async def _serve(url: str, resources: dict[str, float], on_ready: Callable[[str], None]) -> None:
    try:
        import distributed
    except ImportError as error:
        raise InputError("a farm needs Dask: pip install 'tinyml-harness[farm]'") from error
    logging.getLogger("distributed").setLevel(logging.WARNING)
    make: Any = distributed.Worker
    worker = make(
        url,
        resources=resources,
        nthreads=max(1, len(resources)),
        memory_limit=0,  # nothing large is kept here, and no job may be paused on a board
        death_timeout=_CONNECT_S,
        dashboard=False,
    )
    try:
        await worker
    except (OSError, TimeoutError) as error:
        raise InputError(f"no Dask scheduler answers at {url}; start one with `dask scheduler`") from error
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: asyncio.ensure_future(worker.close(timeout=2)))
    on_ready(worker.address)
    await worker.finished()
