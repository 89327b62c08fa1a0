"""One command and its answer: deadlines, finding back into step, asking again."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from harness.dut import events as ev
from harness.dut.link import LineLink
from harness.dut.parser import parse_line
from harness.dut.replies import Boot
from harness.errors import BootError, LinkError, ProtocolError, StateLostError

ANSWER_S = 2.0
"""Most that a command which computes nothing may take; EEMBC's runner gives as much to a device that it looks for."""

_REPLY_BYTES = 1024  # more than any reply but that of `db print`
_QUIET_S = 0.1
_RESYNC_TRIES = 8
_RESYNC_S = 1.0
_READY_S = 1.0  # from `m-init-done`, when a device listens, to `m-ready`
_TRIES = 3

_BOOT_EVENTS = (ev.BootMode, ev.InitDone)

E = TypeVar("E")
T = TypeVar("T")


class Exchange:
    """Commands out and events in, in step with the device.

    Args:
        link: The open port.
        allowance_s: What a device may take to answer beyond the time on the wire.

    Attributes:
        board: The unit's name.
        retries: Commands that were asked again so far.
        quick_s: What a command that computes nothing may take.
    """

    def __init__(self, link: LineLink, allowance_s: float) -> None:
        self.board = link.board
        self.retries = 0
        self.quick_s = min(ANSWER_S, allowance_s)
        self._link = link
        self._allowance_s = allowance_s
        self._in_step = True

    def wait_boot(self, timeout_s: float) -> Boot:
        """Wait for the announcement that ends in `m-init-done`, `m-ready`.

        Where the last line is damaged, a device that answers is taken to be ready.

        Raises:
            BootError: It does not come within `timeout_s`.
            LinkError: The port is gone.
        """
        deadline = time.monotonic() + timeout_s
        mode: str | None = None
        done = False
        heard: list[str] = []
        limit = deadline
        while (line := self._link.line(limit)) is not None:
            match parse_line(line):
                case ev.BootMode(mode=mode):
                    done, limit = False, deadline
                    heard.clear()
                case ev.InitDone():
                    done, limit = True, min(deadline, time.monotonic() + _READY_S)
                # Of the announcement's lines one may be damaged.
                case ev.Ready() if done or mode is not None:
                    self._in_step = True
                    return Boot(mode, tuple(heard))
                case ev.Lap() | ev.Ready():
                    pass
                case _:
                    heard.append(line)
        if done:
            with suppress(StateLostError):
                self.resync()
                self.retries += 1
                return Boot(mode, tuple(heard))
        last = f"the last line was {heard[-1]!r}" if heard else "nothing was heard"
        raise BootError(
            self.board,
            f"no announcement within {timeout_s:g} s of reset ({last}); "
            "check the serial port, its speed and that the image is for this board",
        )

    def resync(self) -> None:
        """Find back into step: drop what is under way, then ask for the name until it is answered.

        Raises:
            LinkError: The device does not answer.
        """
        # A lone terminator would do to end a broken command, but it crashes the reference firmware.
        self._in_step = False
        for _ in range(_RESYNC_TRIES):
            deadline = time.monotonic() + min(self._allowance_s, _RESYNC_S)
            self._link.drain(_QUIET_S, deadline)
            self._link.send("name")
            named = False
            while (line := self._link.line(deadline)) is not None:
                match parse_line(line):
                    case ev.Name():
                        named = True
                    case ev.Ready():
                        break
                    case ev.Chatter():
                        pass
                    case _:
                        # What follows an old reply's end is the answer that counts.
                        named = False
            if named and line is not None:
                self._in_step = True
                return
        raise StateLostError(self.board, f"no answer to 'name' in {_RESYNC_TRIES} tries; reset the board")

    def again(self, step: Callable[[], T]) -> T:
        """What `step` gives, which only asks and changes nothing; done again where the line has failed it.

        Raises:
            LinkError: It failed every time.
        """
        for left in reversed(range(_TRIES)):
            try:
                return step()
            except StateLostError:
                raise
            except LinkError:
                if not left:
                    raise
                self.retries += 1
        raise AssertionError("unreachable")

    def one(self, command: str, kind: type[E], reply_bytes: int = 0) -> E:
        """The one line of type `kind` in the answer to a command that changes nothing."""
        return self.again(lambda: self.only(command, self.ask(command, self.quick_s, reply_bytes), kind))

    def agreed(self, command: str, kind: type[E]) -> E:
        """Likewise for figures that nothing on the line guards: what two answers in a row agree on."""
        first = self.one(command, kind)
        while (second := self.one(command, kind)) != first:
            self.retries += 1
            first = second
        return first

    def only(self, command: str, events: list[ev.Event], kind: type[E]) -> E:
        """The one event of type `kind` among those of a reply."""
        found = [event for event in events if isinstance(event, kind)]
        if len(found) != 1:
            raise self.wrong(command, f"{len(found)} lines of type {kind.__name__} where one is due")
        return found[0]

    def ask(self, command: str, timeout_s: float | None = None, reply_bytes: int = 0) -> list[ev.Event]:
        """The answer to a command, asked once; one that is an error or damaged is refused."""
        return self.checked(command, self.send(command, timeout_s, reply_bytes))

    def checked(self, command: str, events: list[ev.Event]) -> list[ev.Event]:
        """The same events, if none is an error or damaged."""
        for event in events:
            if isinstance(event, ev.DeviceError):
                raise self.wrong(command, f"e-[{event.text}]")
            if isinstance(event, ev.Malformed):
                raise self.wrong(command, event.line)
        return events

    def send(self, command: str, timeout_s: float | None = None, reply_bytes: int = 0) -> list[ev.Event]:
        """Send a command and collect the reply's events up to, without, `m-ready`.

        Args:
            command: Without its terminator.
            timeout_s: What the device may take to compute; by default the allowance.
            reply_bytes: Of the answer, where it is long.
        """
        if not self._in_step:
            self.resync()
        self._in_step = False
        for line in self._link.pending():
            if isinstance(parse_line(line), _BOOT_EVENTS):
                raise self._restarted(command)
        allowance_s = self._allowance_s if timeout_s is None else timeout_s
        wire_s = self._link.transfer_s(len(command) + 1 + _REPLY_BYTES + reply_bytes)
        deadline = time.monotonic() + allowance_s + wire_s
        self._link.send(command)
        events: list[ev.Event] = []
        while (line_heard := self._link.line(deadline)) is not None:
            event = parse_line(line_heard)
            if isinstance(event, ev.Ready):
                self._in_step = True
                return events
            if isinstance(event, _BOOT_EVENTS):
                raise self._restarted(command)
            events.append(event)
        heard = f"after {len(events)} lines" if events else "without a word"
        raise LinkError(
            self.board, f"no answer to {command[:40]!r} within {allowance_s:g} s ({heard}); reset the board"
        )

    def wrong(self, command: str, heard: str) -> ProtocolError:
        """The error for an answer that is not as it should be; what comes next is not trusted."""
        self._in_step = False
        return ProtocolError(self.board, f"unexpected answer to {command[:40]!r}: {heard}")

    def _restarted(self, command: str) -> StateLostError:
        return StateLostError(
            self.board, f"the board restarted before or during {command[:40]!r}; its input and state are lost"
        )
