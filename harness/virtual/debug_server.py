"""Serves the debug port to one probe at a time over a Unix socket."""

import socket
import threading
import traceback
from collections.abc import Callable

from harness.virtual import wire
from harness.virtual.debug_port import DebugPort, SwdFaultError


class DebugServer:
    """Accepts a connection, executes its batches with the board's lock held, then waits for the next.

    Args:
        path: Where the socket is made.
        port: The debug port.
        lock: The board's lock.
        hold_reset: Drives the reset pin.
        refuses: Asked once for each attempt to open the probe.
        breaks: Asked once for each request; whether the connection ends instead of answering.
    """

    def __init__(
        self,
        path: str,
        port: DebugPort,
        lock: threading.Condition,
        hold_reset: Callable[[bool], None],
        refuses: Callable[[], bool],
        breaks: Callable[[], bool],
    ) -> None:
        self._port = port
        self._lock = lock
        self._hold_reset = hold_reset
        self._refuses = refuses
        self._breaks = breaks
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(path)
        self._listener.listen(1)

    def serve(self) -> None:
        """Serve for ever."""
        while True:
            connection, _ = self._listener.accept()
            with connection:
                try:
                    while True:
                        request = wire.receive(connection)
                        if self._breaks():
                            break
                        wire.send(connection, self._execute(request))
                except OSError:
                    continue

    def _execute(self, request: bytes) -> bytes:
        words: list[int] = []
        status = wire.OK
        with self._lock:
            try:
                for operation in wire.decode(request):
                    if operation.code == wire.OPEN and self._refuses():
                        status = wire.REFUSED
                        break
                    words += self._perform(operation)
            except SwdFaultError:
                status = wire.FAULT
            except Exception:  # the probe must get its answer
                traceback.print_exc()
                status = wire.FAULT
        return wire.encode_reply(status, words)

    def _perform(self, operation: wire.Operation) -> list[int]:
        if operation.code == wire.READ_DP:
            return [self._port.read_dp(operation.register) for _ in range(operation.count)]
        if operation.code == wire.READ_AP:
            return self._port.read_ap(operation.register, operation.count)
        if operation.code == wire.WRITE_AP:
            self._port.write_ap(operation.register, operation.words)
        for word in operation.words:
            if operation.code == wire.WRITE_DP:
                self._port.write_dp(operation.register, word)
            elif operation.code == wire.RESET_LINE:
                self._hold_reset(bool(word))
        return []
