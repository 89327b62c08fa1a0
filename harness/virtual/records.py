"""Records of running virtual boards, so that any process of the machine can find them."""

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.config.paths import runtime_dir


@dataclass(frozen=True)
class Record:
    """A running virtual board.

    Attributes:
        pid: Its process.
        started: When the process began, in clock ticks since boot; tells a reused pid apart.
        kind: Board kind.
        title: Name of the board for people.
        target: pyOCD target.
        flash_origin: Address of the program memory.
        flash_bytes: Its length.
        ram_origin: Address of the data memory.
        ram_bytes: Its length.
        unique_id: Probe id.
        serial_port: Path of the serial device.
        meter_port: Path of the simulated power meter's serial device.
        debug_socket: Path of the socket of the debug port.
    """

    pid: int
    started: int
    kind: str
    title: str
    target: str
    flash_origin: int
    flash_bytes: int
    ram_origin: int
    ram_bytes: int
    unique_id: str
    serial_port: str
    meter_port: str
    debug_socket: str


def record_dir() -> Path:
    """Where the records lie."""
    return runtime_dir() / "virtual"


def started_at(pid: int) -> int | None:
    """When the process began, `None` if there is none, 0 where the system does not tell."""
    try:
        # The command name, in parentheses, may contain anything; the start time is the 20th field after.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return 0


def write(record: Record) -> Path:
    """Publish a record; readers see all of it or nothing."""
    folder = record_dir()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record.unique_id}.json"
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(asdict(record)))
    draft.replace(path)
    return path


def unlist(record: Record) -> None:
    """Take a record away; the board goes on."""
    (record_dir() / f"{record.unique_id}.json").unlink(missing_ok=True)


def remove(record: Record) -> None:
    """Take a record and its socket away."""
    unlist(record)
    shutil.rmtree(Path(record.debug_socket).parent, ignore_errors=True)


def running() -> list[Record]:
    """All boards whose process lives; what dead ones left behind is removed."""
    found = []
    for path in sorted(record_dir().glob("*.json")):
        try:
            record = Record(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            path.unlink(missing_ok=True)  # written by another version, or just removed
            continue
        if started_at(record.pid) == record.started:
            found.append(record)
        else:
            remove(record)
    return found
