"""gdb's remote serial protocol in few words, as gdb itself would speak it."""

import socket
from types import TracebackType

_REGISTER_CHARS = 8


class Gdb:
    """A connection to a gdb server.

    Args:
        port: TCP port on this machine.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._stream = self._socket.makefile("rb")

    def __enter__(self) -> "Gdb":
        self.ask("qSupported:swbreak+;hwbreak+")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._socket.close()

    def send(self, text: str) -> None:
        """A packet."""
        self._socket.sendall(f"${text}#{sum(text.encode()) & 0xFF:02x}".encode())

    def interrupt(self) -> None:
        """What Ctrl-C in gdb sends."""
        self._socket.sendall(b"\x03")

    def reply(self) -> str:
        """The next packet."""
        while self._stream.read(1) != b"$":
            pass
        text = bytearray()
        while (character := self._stream.read(1)) != b"#":
            text += character
        checksum = int(self._stream.read(2), 16)
        assert checksum == sum(text) & 0xFF
        self._socket.sendall(b"+")
        return text.decode("latin-1")

    def ask(self, text: str) -> str:
        """The answer to a packet."""
        self.send(text)
        return self.reply()

    def register(self, number: int) -> int:
        """A core register: 13 to 15 are SP, LR and PC."""
        content = self.ask("g")
        start = _REGISTER_CHARS * number
        return int.from_bytes(bytes.fromhex(content[start : start + _REGISTER_CHARS]), "little")

    def memory(self, address: int, size_bytes: int) -> bytes:
        """What memory holds."""
        return bytes.fromhex(self.ask(f"m{address:x},{size_bytes:x}"))
