"""A pyOCD session with one board's probe, and its errors in the harness's words."""

import contextlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.config.kinds import BoardKind
from harness.errors import FlashError, InputError, ProbeError

VIRTUAL_VENDOR = "Virtual"
"""What the probes of virtual boards give as their maker."""

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
    # A page takes milliseconds; a chip that has lost its supply under way never answers.
    "flash.timeout.erase_sector": 3.0,
    "flash.timeout.program": 3.0,
    "reset.post_delay": 0.01,
    "reset.hold_time": 0.02,
}


class UnexpectedChipError(ProbeError):
    """pyOCD does not get along with the chip; it may be another one than it was told."""


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


def open_session(
    board: str,
    probe_uid: str,
    kind: BoardKind,
    virtual: bool,
    *,
    under_reset: bool = False,
    frequency_hz: int | None = None,
    target: str | None = None,
) -> Any:
    """Connect to the probe; gives an open `pyocd.core.session.Session`.

    Args:
        board: The unit's name.
        probe_uid: Unique id of its probe.
        kind: What its chip should be.
        virtual: Whether it is emulated; a probe that says otherwise is refused, so that no estimate passes for silicon.
        under_reset: Whether to hold the chip in reset while connecting and to halt it then.
        frequency_hz: SWD clock; pyOCD's own where it is None.
        target: pyOCD's name of the chip where not the kind's: `cortex_m` gets along with any.

    Raises:
        UnexpectedChipError: pyOCD stumbles over the chip.
        ProbeError: There is no such probe, or it cannot be opened.
        InputError: The bench file calls a virtual board a real one, or the other way round.
    """
    options = dict(_OPTIONS)
    if under_reset:
        options["connect_mode"] = "under-reset"
    if frequency_hz is not None:
        options["frequency"] = frequency_hz
    with _OPENING:
        return _open_session(board, probe_uid, target or kind.pyocd_target, virtual, options)


def _open_session(board: str, probe_uid: str, target: str, virtual: bool, options: dict[str, Any]) -> Any:
    _quieten()
    from pyocd.core import exceptions
    from pyocd.core.session import Session
    from pyocd.probe.aggregator import DebugProbeAggregator

    with mapped_errors(board, "connecting to the probe"):
        probe = DebugProbeAggregator.get_probe_with_id(probe_uid)
        if probe is None:
            raise ProbeError(board, f"no probe with the id {probe_uid!r} is connected; plug it in")
        if (probe.vendor_name == VIRTUAL_VENDOR) != virtual:
            raise InputError(
                f"{board}: its probe {probe_uid!r} is {'no' if virtual else 'that of a'} virtual board; "
                f"write virtual = {'false' if virtual else 'true'} in the bench file"
            )
        session = Session(probe, options={**options, "target_override": target})
        _forget_register_names(session)
        try:
            session.open()
        except exceptions.Error:
            abandon(session)
            raise
        except (KeyError, ValueError, AttributeError) as error:
            # pyOCD stumbles over access ports and registers that the chip it was told to expect would have.
            abandon(session)
            raise UnexpectedChipError(board, f"connecting to the probe failed: {error!r} in pyOCD") from error
        return session


def forget_reset_catch(target: Any) -> None:
    """A connection that broke in the middle of a halting reset has left every later reset halting too.

    pyOCD remembers what it finds set when it connects, and restores it after each halting reset of its own.
    """
    from pyocd.core.target import Target

    caught = target.get_vector_catch()
    if caught & Target.VectorCatch.CORE_RESET:
        target.set_vector_catch(caught & ~Target.VectorCatch.CORE_RESET)


def connected_probes() -> dict[str, Any]:
    """Every probe that pyOCD sees now, by unique id."""
    from pyocd.probe.aggregator import DebugProbeAggregator

    _quieten()
    with _OPENING:
        return {probe.unique_id: probe for probe in DebugProbeAggregator.get_all_connected_probes()}


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


def abandon(session: Any) -> None:
    """Close a session that failed, and what it left half open."""
    # Closing stumbles over what connecting has stumbled over, in any way; the first error says more.
    with contextlib.suppress(Exception):
        session.close()
    # A probe that stays open keeps every later session out.
    if session.probe.is_open:
        with contextlib.suppress(Exception):
            session.probe.close()


def _quieten() -> None:
    """What pyOCD logs is either of no interest or also raised; leave a level set by the user alone."""
    logger = logging.getLogger("pyocd")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.CRITICAL)
