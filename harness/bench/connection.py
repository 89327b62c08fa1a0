"""The session with a board's probe: opened when first needed, with the right chip behind it, or not at all."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from harness.bench.chip import check_chip
from harness.bench.probe import UnexpectedChipError, abandon, forget_reset_catch, mapped_errors, open_session
from harness.config.kinds import BoardKind
from harness.errors import BoardError, ProbeError


class Connection:
    """A probe and the chip that must be behind it.

    Args:
        name: The board's name, for messages.
        probe_uid: Unique id of the probe.
        kind: The board's kind.
        virtual: Whether the board is emulated.
    """

    def __init__(self, name: str, probe_uid: str, kind: BoardKind, virtual: bool) -> None:
        self._name = name
        self._probe_uid = probe_uid
        self._kind = kind
        self._virtual = virtual
        self._session: Any = None

    def session(self) -> Any:
        """pyOCD's session; nothing is tried to mend the board.

        Raises:
            ProbeError: The probe cannot be opened.
            WrongChipError: Another chip is there than the kind says.
        """
        if self._session is None:
            self.reconnect()
        return self._session

    def close(self) -> None:
        """Let the probe go; the program runs on."""
        if self._session is not None:
            session, self._session = self._session, None
            with mapped_errors(self._name, "disconnecting"):
                session.close()

    def reconnect(self, *, under_reset: bool = False, frequency_hz: int | None = None) -> None:
        """Open a new session.

        Args:
            under_reset: Whether the chip is held in reset meanwhile.
            frequency_hz: Clock of the debug line; None for pyOCD's own.

        Raises:
            ProbeError: The probe cannot be opened.
            WrongChipError: Another chip is there.
        """
        if self._session is not None:
            session, self._session = self._session, None
            abandon(session)
        open_this = partial(open_session, self._name, self._probe_uid, self._kind, self._virtual)
        session = None
        try:
            session = open_this(under_reset=under_reset, frequency_hz=frequency_hz)
            check_chip(session, self._name, self._kind)
            with mapped_errors(self._name, "connecting to the probe"):
                forget_reset_catch(session.target)
        except BoardError as error:
            if session is not None:
                abandon(session)
            if isinstance(error, UnexpectedChipError) or (session and isinstance(error, ProbeError)):
                self._refuse_other_chip(open_this)
            raise
        self._session = session

    def _refuse_other_chip(self, open_this: Callable[..., Any]) -> None:
        """Ask the chip what it is as pyOCD can of any; what pyOCD does for the kind's own may disturb another one."""
        with suppress(ProbeError):
            session = open_this(target="cortex_m")
            try:
                check_chip(session, self._name, self._kind)
            finally:
                abandon(session)
