"""How the debug probe talks to the board's process: batches of SWD transactions over a socket.

A request is a 4-byte length and then operations, each one byte of code, one of register address, a
32-bit count, and for writes that many words. The reply is a length, a status byte and the words read; a
batch ends at the first operation that fails. All numbers are little-endian.
"""

import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

READ_DP, WRITE_DP, READ_AP, WRITE_AP, RESET_LINE, OPEN = range(6)
OK, FAULT, REFUSED = range(3)

_LENGTH = struct.Struct("<I")
_OPERATION = struct.Struct("<BBI")


@dataclass(frozen=True)
class Operation:
    """One transaction, repeated `count` times on the same register."""

    code: int
    register: int
    count: int
    words: tuple[int, ...] = ()


def encode(operation: Operation) -> bytes:
    """The bytes of one operation."""
    head = _OPERATION.pack(operation.code, operation.register, operation.count)
    return head + struct.pack(f"<{len(operation.words)}I", *operation.words)


def decode(request: bytes) -> Iterator[Operation]:
    """The operations of a request."""
    offset = 0
    while offset < len(request):
        code, register, count = _OPERATION.unpack_from(request, offset)
        offset += _OPERATION.size
        words: tuple[int, ...] = ()
        if code in (WRITE_DP, WRITE_AP, RESET_LINE):
            words = struct.unpack_from(f"<{count}I", request, offset)
            offset += 4 * count
        yield Operation(code, register, count, words)


def encode_reply(status: int, words: Sequence[int]) -> bytes:
    """The bytes of a reply."""
    return bytes([status]) + struct.pack(f"<{len(words)}I", *words)


def decode_reply(reply: bytes) -> tuple[int, tuple[int, ...]]:
    """Status and words of a reply."""
    return reply[0], struct.unpack(f"<{len(reply) // 4}I", reply[1:])


def send(connection: socket.socket, message: bytes) -> None:
    """Send one message."""
    connection.sendall(_LENGTH.pack(len(message)) + message)


def receive(connection: socket.socket) -> bytes:
    """Receive one message.

    Raises:
        ConnectionError: The other side is gone.
    """
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    return _exactly(connection, length)


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            raise ConnectionError("the virtual board has closed the connection")
        parts += part
    return bytes(parts)
