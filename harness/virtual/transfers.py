"""Operations of a debug port on their way to a virtual board's process.

Imported with the probe by every process that uses pyOCD on this machine, so it imports nothing heavy.
"""

import socket
from collections.abc import Callable, Sequence

from pyocd.core import exceptions

from harness.virtual import wire
from harness.virtual.wire import Operation

_TIMEOUT_S = 30.0
# Operations are sent together; this many bytes of them at most.
_BATCH_BYTES = 1 << 16


class _Batch:
    """Operations on their way, and the words they brought back."""

    def __init__(self) -> None:
        self.request = bytearray()
        self.words = 0
        self.error: Exception | None = None
        self.reply: tuple[int, ...] | None = None


class Transfers:
    """The line to one board's debug port. Writes are posted; a read sends everything before it along.

    Args:
        unique_id: Of the probe, for messages.
        debug_socket: Path of the socket.

    Raises:
        pyocd.core.exceptions.ProbeError: The board does not answer, or refuses.
    """

    def __init__(self, unique_id: str, debug_socket: str) -> None:
        self._unique_id = unique_id
        self._batch = _Batch()
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection.settimeout(_TIMEOUT_S)
        try:
            self._connection.connect(debug_socket)
            wire.send(self._connection, wire.encode(Operation(wire.OPEN, 0, 1)))
            status, _ = wire.decode_reply(wire.receive(self._connection))
        except OSError as error:
            self._connection.close()
            raise exceptions.ProbeError(f"virtual board {unique_id} does not answer: {error}") from error
        if status != wire.OK:
            self._connection.close()
            raise exceptions.ProbeError(f"virtual board {unique_id} refuses to open its probe")

    def post(self, operation: Operation) -> None:
        """Take an operation that brings nothing back; it is carried out with the next read at the latest."""
        self._batch.request += wire.encode(operation)
        if len(self._batch.request) > _BATCH_BYTES:
            self.flush()

    def read(self, operation: Operation) -> Callable[[], Sequence[int]]:
        """Take an operation that brings words back; what is returned gives them, once they are wanted."""
        batch, start = self._batch, self._batch.words
        batch.request += wire.encode(operation)
        batch.words += operation.count

        def result() -> Sequence[int]:
            if batch is self._batch:
                self._send()
            if batch.reply is not None and len(batch.reply) >= start + operation.count:
                return batch.reply[start : start + operation.count]
            raise batch.error or exceptions.TransferError("no reply")

        return result

    def flush(self) -> None:
        """Carry out what was posted, and raise what went wrong."""
        batch = self._batch
        self._send()
        if batch.error is not None:
            raise batch.error

    def close(self) -> None:
        """Carry out what was posted, and let go of the board."""
        try:
            self.flush()
        finally:
            self._connection.close()

    def _send(self) -> None:
        batch, self._batch = self._batch, _Batch()
        if not batch.request:
            return
        try:
            wire.send(self._connection, bytes(batch.request))
            status, batch.reply = wire.decode_reply(wire.receive(self._connection))
        except OSError as error:
            batch.error = exceptions.ProbeDisconnected(f"virtual board {self._unique_id} is gone: {error}")
            return
        if status != wire.OK:
            batch.error = exceptions.TransferFaultError()
