"""`python -m harness.virtual --kind nrf51-dk`: run one virtual board until told to stop.

Standard output carries one JSON object a line: first `{"event": "ready", ...}` with the probe id and the
serial port, later one for each fault that the core takes, and where its clock is to keep to the wall's one when the
emulation is slower than the chip.
"""

import argparse
import json
import os
import secrets
import select
import signal
import sys
import threading
import time
from pathlib import Path

from harness.config.faults import parse_faults
from harness.config.kinds import load_kind
from harness.errors import HarnessError
from harness.virtual import records
from harness.virtual.pace import Pace

# How often the parent is looked for, besides the end of standard input.
_PARENT_CHECK_S = 1.0
# Seconds behind the wall's clock that are worth a word, and how often it is said.
_SLOW_S = 0.1
_TELL_AGAIN_S = 10.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m harness.virtual", description="Run one virtual board.")
    parser.add_argument("--kind", required=True, help="board kind, as in boards/<kind>.toml")
    parser.add_argument("--unique-id", help="probe id; made up if not given")
    parser.add_argument("--faults", default="", metavar="NAME=VALUE&...", help="faults to inject")
    parser.add_argument(
        "--pace", choices=["max", "realtime"], default="max", help="whether its clock keeps to the wall's"
    )
    parser.add_argument(
        "--wait-states",
        type=int,
        metavar="N",
        help="of its flash, in place of the kind's; 0 for a flash as fast as RAM",
    )
    parser.add_argument("--pty", type=Path, metavar="PATH", help="link to the serial port, made anew")
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


def _link(link: Path | None, port: str) -> str:
    """Make `link` lead to the serial port; one that an earlier board has left is replaced."""
    if link is None:
        return port
    if link.is_symlink():
        link.unlink()
    link.symlink_to(port)
    return str(link.absolute())


class _Listing:
    """Whether the probe is listed among those that are connected.

    Args:
        absent_s: Seconds that it stays away, before it comes and after it is lost.
    """

    def __init__(self, absent_s: float) -> None:
        self._absent_s = absent_s
        self._record: records.Record | None = None

    def show(self, record: records.Record, at_once: bool) -> None:
        """List it, at once or when its absence is over."""
        self._record = record
        if at_once or not self._absent_s:
            records.write(record)
        else:
            self._later(record)

    def lose(self) -> None:
        """Take it off the list, for as long as it stays away."""
        if self._record and self._absent_s:
            records.unlist(self._record)
            self._later(self._record)

    def _later(self, record: records.Record) -> None:
        timer = threading.Timer(self._absent_s, records.write, (record,))
        timer.daemon = True
        timer.start()


def _wait(leave_with_parent: bool, stopping: threading.Event, pace: Pace | None) -> None:
    parent = os.getppid()
    lost_s, told_at = 0.0, 0.0
    while not stopping.is_set():
        if pace and pace.lost_s - lost_s > _SLOW_S and time.monotonic() - told_at > _TELL_AGAIN_S:
            _tell(event="slow", lost_s=round(pace.lost_s, 3))
            lost_s, told_at = pace.lost_s, time.monotonic()
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
        faults = parse_faults(arguments.faults, "--faults")
        chip_kind = load_kind(faults.wrong_chip) if faults.wrong_chip else kind
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    from harness.virtual.board import VirtualBoard

    probe = _Listing(faults.probe_absent_s)
    board = VirtualBoard(
        chip_kind,
        secrets.randbits(64),
        faults,
        lambda fault: _tell(event="fault", pc=fault.pc, lr=fault.lr, reason=fault.reason),
        probe.lose,
        arguments.pace == "realtime",
        arguments.wait_states,
    )
    try:
        port = _link(arguments.pty, board.serial_port)
    except OSError as error:
        sys.stderr.write(f"cannot make the link {arguments.pty}: {error.strerror}; choose another path\n")
        return 2
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
        serial_port=port,
        meter_port=board.meter_port,
        debug_socket=board.debug_socket,
    )
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    board.start()
    probe.show(record, at_once=faults.probe_lost_after is not None)
    _tell(event="ready", unique_id=record.unique_id, serial_port=port, meter_port=record.meter_port)
    _wait(arguments.leave_with_parent, stopping, board.pace)
    records.remove(record)
    if arguments.pty:
        arguments.pty.unlink(missing_ok=True)
    # The emulator may still be running in its thread; tearing it down under way can crash.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
