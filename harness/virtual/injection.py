"""Strikes with the faults of `harness.config.faults` at the places of a virtual board where they belong."""

import random
from collections.abc import Callable

from harness.config.faults import Faults
from harness.virtual.memory import Ram

_MODE, _WRONG_MODE = b"m-timestamp-mode-performance", b"m-timestamp-mode-energy"
_COMMAND_END = ord("%")


class Injector:
    """The faults of one board under way. Its methods are called with the board's lock held.

    Args:
        faults: Which.

    Attributes:
        seconds: The board's time, in seconds since power-on; set by the board.
        reset: Resets the chip; likewise.
        brown_out: Resets it and loses its RAM; likewise.
    """

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.seconds: Callable[[], float] = lambda: 0.0
        self.reset: Callable[[], None] = lambda: None
        self.brown_out: Callable[[], None] = lambda: None
        # A stream for each direction: what happens to a byte depends on its place in the stream alone.
        self._outward, self._inward, self._commands = (
            random.Random(f"{faults.seed} {stream}") for stream in ("to-host", "to-board", "commands")
        )
        self._held = b""
        self._heard = self._programmed = self._opened = self._requests = self._flashings = 0
        self._struck: dict[str, int] = {}
        self._hung = False
        self._since_s = 0.0
        self._lasting: bytes | None = None

    def _strikes(self, fault: str) -> bool:
        """Whether a fault that strikes a limited number of times still does; counts it."""
        done = self._struck.get(fault, 0)
        if self.faults.times is not None and done >= self.faults.times:
            return False
        self._struck[fault] = done + 1
        return True

    # The serial line.

    def to_host(self, value: int) -> bytes:
        """What arrives at the host when the board sends the byte `value`."""
        if self._hangs():
            return b""
        data = bytes([value])
        if self.faults.wrong_mode:
            data = self._announce_wrong_mode(data)
        return data if self.faults.direction == "to-board" else self._spoil(data, self._outward)

    def to_board(self, data: bytes) -> bytes:
        """What arrives at the board of what the host has sent; a fault may strike at a command's end."""
        if self.faults.direction != "to-host":
            data = self._spoil(data, self._inward)
        for _ in range(data.count(_COMMAND_END)):
            self._heard += 1
            if (
                self.faults.reboot
                and self._commands.random() < self.faults.reboot
                and self._strikes("reboot")
            ):
                self.reset()
        return b"" if self._hangs() else data

    def is_late(self) -> bool:
        """Whether the next byte to the host comes late."""
        return bool(self.faults.delay) and self._outward.random() < self.faults.delay

    def _spoil(self, data: bytes, chance: random.Random) -> bytes:
        faults = self.faults
        if not (faults.drop or faults.corrupt or faults.duplicate):
            return data
        arrived = bytearray()
        for value in data:
            if chance.random() < faults.drop:
                continue
            if chance.random() < faults.corrupt:
                value ^= 1 << chance.randrange(8)
            arrived += bytes([value]) * (2 if chance.random() < faults.duplicate else 1)
        return bytes(arrived)

    def _hangs(self) -> bool:
        after, after_s = self.faults.hang_after, self.faults.hang_after_s
        due = (after is not None and self._heard > after) or (
            after_s is not None and self.seconds() - self._since_s > after_s
        )
        if due and not self._hung:
            self._hung = self._strikes("hang")
        return self._hung

    def _announce_wrong_mode(self, data: bytes) -> bytes:
        self._held += data
        if _MODE.startswith(self._held) and self._held != _MODE:
            return b""
        sent, self._held = self._held.replace(_MODE, _WRONG_MODE), b""
        return sent

    # Flash and reset.

    def damaged(self, address: int, word: int) -> int:
        """What the flash keeps of a programmed `word`."""
        self._programmed += 1
        words = self.faults.brownout
        if words is not None and self._programmed % words == 0 and self._strikes("brownout"):
            self.brown_out()
        return word & ~1 if self.faults.stuck == address else word

    def on_reset(self, flash: Ram) -> bool:
        """The chip resets; gives whether the content of its flash has changed with it."""
        self._heard, self._hung, self._held = 0, False, b""
        self._since_s = self.seconds()
        if self.faults.stale_after is None:
            return False
        content = bytes(flash.buffer)
        if self._lasting is None:
            self._lasting = content
        if content == self._lasting:
            return False
        self._flashings += 1
        if self._flashings <= self.faults.stale_after:
            self._lasting = content
            return False
        flash.buffer[:] = self._lasting
        return True

    # The probe.

    def refuses_probe(self) -> bool:
        """Whether this attempt to open the probe fails."""
        self._opened += 1
        return self._opened <= self.faults.probe_busy

    def loses_probe(self) -> bool:
        """Whether the probe's connection breaks at this request."""
        after = self.faults.probe_lost_after
        self._requests += 1
        if after is None or self._requests % after:
            return False
        return self._strikes("probe_lost_after")
