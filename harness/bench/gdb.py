"""A gdb server on a board's probe, by pyOCD's own code."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from harness.bench.probe import open_session
from harness.config.kinds import BoardKind
from harness.errors import InputError, ProbeError

_START_S = 5.0


@contextmanager
def gdb_server(board: str, probe_uid: str, kind: BoardKind, virtual: bool, port: int) -> Iterator[int]:
    """Serve gdb until the block ends; gives the port it listens on. The board runs on until gdb connects.

    Args:
        board: The unit's name, for messages.
        probe_uid: Unique id of its probe, which nobody else can use meanwhile.
        kind: The board's kind.
        virtual: Whether it is emulated.
        port: TCP port on this machine; 0 for any that is free.

    Raises:
        InputError: The port is taken.
        ProbeError: The probe cannot be opened.
    """
    from pyocd.gdbserver import GDBServer

    _check_free(port)
    session = open_session(board, probe_uid, kind, virtual)
    try:
        session.options.update(
            {"gdbserver_port": port, "telnet_port": 0, "persist": True, "serve_local_only": True}
        )
        server = GDBServer(session, core=0)
        listening = threading.Event()
        session.subscribe(
            lambda notification: listening.set(), GDBServer.GDBSERVER_START_LISTENING_EVENT, server
        )
        server.start()
        if not listening.wait(_START_S):
            raise ProbeError(board, "the gdb server did not start; try again")
        try:
            yield server.port
        finally:
            server.stop()
    finally:
        session.close()


def _check_free(port: int) -> None:
    with socket.socket() as probing:
        probing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probing.bind(("127.0.0.1", port))
        except OSError as error:
            raise InputError(f"cannot listen on TCP port {port}: {error.strerror}; choose another") from error
