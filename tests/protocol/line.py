"""A serial line as a stranger's program sees it: bytes out, lines with the time each took in."""

import time
from dataclasses import dataclass

import serial

LINE_S = 5.0
"""Most that MLCommons' runner waits for one line."""


@dataclass(frozen=True)
class Heard:
    """One line, without its end, and the seconds since the one before it (or since the command)."""

    text: str
    after_s: float


class Line:
    """Raw access to an open port.

    Args:
        port: The port; its timeout is set here.
    """

    def __init__(self, port: serial.Serial) -> None:
        self._port = port
        port.timeout = LINE_S

    def send(self, data: bytes) -> None:
        """Write bytes as they are."""
        self._port.write(data)

    def hear(self) -> Heard:
        """The next line; it must end with CR LF and come within `LINE_S`."""
        start = time.monotonic()
        raw = self._port.read_until(b"\n")
        assert raw.endswith(b"\r\n"), f"no whole line within {LINE_S:g} s: {raw!r}"
        assert raw.count(b"\r") == 1, f"a stray carriage return: {raw!r}"
        return Heard(raw[:-2].decode("latin-1"), time.monotonic() - start)

    def until_ready(self) -> list[Heard]:
        """Lines up to `m-ready` and with it."""
        found = [self.hear()]
        while found[-1].text != "m-ready":
            found.append(self.hear())
        return found

    def ask(self, command: str | bytes) -> list[str]:
        """Answer to one command, sent with its terminator; without `m-ready`, which must end it."""
        self.send((command.encode() if isinstance(command, str) else command) + b"%")
        return [heard.text for heard in self.until_ready()[:-1]]

    def is_silent(self, seconds: float = 0.15) -> bool:
        """Whether nothing comes for a while."""
        self._port.timeout = seconds
        heard = self._port.read(1)
        self._port.timeout = LINE_S
        return heard == b""
