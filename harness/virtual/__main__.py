"""`python -m harness.virtual --kind nrf51-dk`: run one virtual board until told to stop.

Standard output carries one JSON object a line: first `{"event": "ready", ...}` with the probe id and the
serial port, later one for each fault that the core takes.
"""

import argparse
import json
import os
import secrets
import select
import signal
import sys
import threading

from harness.config.kinds import load_kind
from harness.errors import HarnessError
from harness.virtual import injection, records

# How often the parent is looked for, besides the end of standard input.
_PARENT_CHECK_S = 1.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m harness.virtual", description="Run one virtual board.")
    parser.add_argument("--kind", required=True, help="board kind, as in boards/<kind>.toml")
    parser.add_argument("--unique-id", help="probe id; made up if not given")
    parser.add_argument("--seed", type=int, default=0, help="seed of the injected faults")
    parser.add_argument("--faults", nargs="*", default=[], metavar="NAME=NUMBER", help=injection.__doc__)
    parser.add_argument(
        "--leave-with-parent", action="store_true", help="end when the parent process or standard input ends"
    )
    return parser.parse_args()


def _tell(**message: object) -> None:
    try:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()
    except OSError:
        pass  # nobody listens any more


def _wait(leave_with_parent: bool, stopping: threading.Event) -> None:
    parent = os.getppid()
    while not stopping.is_set():
        if not leave_with_parent:
            stopping.wait(_PARENT_CHECK_S)
            continue
        readable, _, _ = select.select([sys.stdin], [], [], _PARENT_CHECK_S)
        if os.getppid() != parent or (readable and not os.read(sys.stdin.fileno(), 1024)):
            return


def main() -> int:
    """Run the board; gives the exit code."""
    arguments = _arguments()
    # A short interval keeps the debug port quick while another thread imports.
    sys.setswitchinterval(0.0005)
    try:
        kind = load_kind(arguments.kind)
        faults = injection.Faults(arguments.faults, arguments.seed)
    except (HarnessError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    from harness.virtual.board import VirtualBoard

    board = VirtualBoard(
        kind,
        secrets.randbits(64),
        faults,
        lambda fault: _tell(event="fault", pc=fault.pc, lr=fault.lr, reason=fault.reason),
    )
    record = records.Record(
        pid=os.getpid(),
        started=records.started_at(os.getpid()) or 0,
        kind=kind.name,
        title=kind.title,
        target=kind.pyocd_target,
        flash_origin=kind.flash.origin,
        flash_bytes=kind.flash.size_bytes,
        ram_origin=kind.ram.origin,
        ram_bytes=kind.ram.size_bytes,
        unique_id=arguments.unique_id or f"virtual-{kind.name}-{secrets.token_hex(4)}",
        serial_port=board.serial_port,
        debug_socket=board.debug_socket,
    )
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    board.start()
    records.write(record)
    _tell(event="ready", unique_id=record.unique_id, serial_port=record.serial_port)
    _wait(arguments.leave_with_parent, stopping)
    records.remove(record)
    # The emulator may still be running in its thread; tearing it down under way can crash.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
