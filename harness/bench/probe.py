"""A pyOCD session with one board's probe, and its errors in the harness's words."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.config.kinds import BoardKind
from harness.errors import FlashError, ProbeError

_OPEN_ATTEMPTS = 3
_PAUSE_S = 0.3
# pyOCD's modules import each other in circles, which two threads at once do not survive.
_OPENING = threading.Lock()

_OPTIONS = {
    # Connecting does not disturb what the board does; flashing halts it itself.
    "connect_mode": "attach",
    # On disconnect pyOCD would switch trace off, and with it the cycle counter that the program times with.
    "resume_on_disconnect": False,
    "chip_erase": "sector",
    "keep_unwritten": False,
    "smart_flash": True,
    "hide_programming_progress": True,
    # pyOCD looks itself whether the chip is back after a reset; there is no need to wait long before.
    "reset.post_delay": 0.01,
    "reset.hold_time": 0.02,
}


@contextmanager
def mapped_errors(board: str, doing: str) -> Iterator[None]:
    """Turn pyOCD's errors into ProbeError and FlashError.

    Args:
        board: The unit's name.
        doing: What is being done, as in "flashing".

    Raises:
        ProbeError: The probe or the connection failed.
        FlashError: The flash algorithm failed.
    """
    from pyocd.core import exceptions

    try:
        yield
    except exceptions.FlashFailure as error:
        raise FlashError(board, f"{doing} failed: {error}; check the board's supply and try again") from error
    except exceptions.Error as error:
        text = str(error) or type(error).__name__
        raise ProbeError(board, f"{doing} failed: {text}; check the cable between probe and board") from error
    except OSError as error:
        raise ProbeError(board, f"{doing} failed: {error}; check the probe's USB cable") from error


def open_session(board: str, probe_uid: str, kind: BoardKind) -> Any:
    """Connect to the probe; gives an open `pyocd.core.session.Session`.

    Raises:
        ProbeError: There is no such probe, or it cannot be opened.
    """
    with _OPENING:
        return _open_session(board, probe_uid, kind)


def _open_session(board: str, probe_uid: str, kind: BoardKind) -> Any:
    _quieten()
    from pyocd.core import exceptions
    from pyocd.core.session import Session
    from pyocd.probe.aggregator import DebugProbeAggregator

    with mapped_errors(board, "connecting to the probe"):
        for attempt in range(1, _OPEN_ATTEMPTS + 1):
            probe = DebugProbeAggregator.get_probe_with_id(probe_uid)
            if probe is None:
                raise ProbeError(board, f"no probe with the id {probe_uid!r} is connected; plug it in")
            session = Session(probe, options={**_OPTIONS, "target_override": kind.pyocd_target})
            _forget_register_names(session)
            try:
                session.open()
                return session
            except exceptions.Error:
                _abandon(session)
                if attempt == _OPEN_ATTEMPTS:
                    raise
                time.sleep(_PAUSE_S)
    raise AssertionError("unreachable")


def preload() -> None:
    """Import pyOCD, which takes a moment, while something else is waited for."""
    import pyocd.core.session
    import pyocd.flash.loader
    import pyocd.probe.aggregator  # noqa: F401


def _forget_register_names(session: Any) -> None:
    """Spare pyOCD the reading of the chip's register names, which takes seconds and nobody here asks for."""
    names = getattr(session.target, "_svd_location", None)
    if names is None:
        return
    session.target._svd_location = None
    archive = getattr(getattr(names.filename, "_fileobj", None), "_file", None)
    names.filename.close()
    if archive is not None:
        archive.close()


def _abandon(session: Any) -> None:
    """Close what a failed `open` left half open."""
    from pyocd.core import exceptions

    try:
        session.close()
        if session.probe.is_open:
            session.probe.close()
    except exceptions.Error:
        pass  # the error that made us give up says more


def _quieten() -> None:
    """What pyOCD logs is either of no interest or also raised; leave a level set by the user alone."""
    logger = logging.getLogger("pyocd")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.CRITICAL)
