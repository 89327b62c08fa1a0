"""Runs a plan every night: a systemd user service and timer, or a line for cron."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError

_ENVIRONMENT = (
    "HARNESS_CACHE_DIR",
    "HARNESS_RUNTIME_DIR",
    "HARNESS_STATE_DIR",
    "HARNESS_BENCH_FILE",
    "HARNESS_BOARDS_DIR",
    "HARNESS_DATA_DIR",
)
_TIMEOUT_S = 30.0
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Schedule:
    """When to run which plan.

    Attributes:
        plan: The plan file, absolute.
        results_dir: Folder of the store, absolute.
        at: Local time, `HH:MM`.
    """

    plan: Path
    results_dir: Path
    at: str

    def __post_init__(self) -> None:
        if not _TIME.fullmatch(self.at):
            raise InputError(f"--at {self.at!r} is no time of day; give it as 02:15")

    @property
    def name(self) -> str:
        """Of the units."""
        return f"harness-{re.sub(r'[^A-Za-z0-9_-]', '-', self.plan.stem)}"

    @property
    def command(self) -> list[str]:
        """What is run."""
        program = Path(sys.executable).with_name("harness")
        return [str(program), "nightly", "run", str(self.plan), "--results-dir", str(self.results_dir)]

    @property
    def service(self) -> str:
        """Text of the systemd service."""
        given = [f"{name}={os.environ[name]}" for name in _ENVIRONMENT if name in os.environ]
        lines = [
            "[Unit]",
            f"Description=harness: measure {self.plan.name} and tell what got worse",
            "",
            "[Service]",
            "Type=oneshot",
            f"WorkingDirectory={_escaped(str(self.plan.parent))}",
            *(f"Environment={_quoted(line)}" for line in given),
            f"ExecStart={' '.join(_quoted(word).replace('$', '$$') for word in self.command)}",
        ]
        return "\n".join(lines) + "\n"

    @property
    def timer(self) -> str:
        """Text of the systemd timer; a night in which the machine was off is made up for at its next start."""
        hour, minute = self.at.split(":")
        lines = [
            "[Unit]",
            f"Description=harness: {self.plan.name} every night",
            "",
            "[Timer]",
            f"OnCalendar=*-*-* {int(hour):02d}:{minute}:00",
            "Persistent=true",
            "",
            "[Install]",
            "WantedBy=timers.target",
        ]
        return "\n".join(lines) + "\n"

    @property
    def cron_line(self) -> str:
        """The same for `crontab -e`; a night in which the machine was off is missed."""
        hour, minute = self.at.split(":")
        given = [f"{name}={shlex.quote(os.environ[name])}" for name in _ENVIRONMENT if name in os.environ]
        words = [*given, *(shlex.quote(word) for word in self.command)]
        line = f"cd {shlex.quote(str(self.plan.parent))} && {' '.join(words)} >> nightly.log 2>&1"
        return f"{int(minute)} {int(hour)} * * *  " + line.replace("%", r"\%")


def unit_folder() -> Path:
    """Where systemd looks for a user's own units."""
    given = os.environ.get("XDG_CONFIG_HOME")
    return (Path(given) if given else Path.home() / ".config") / "systemd" / "user"


def install(schedule: Schedule) -> str | None:
    """Write and enable the service and the timer; gives why that cannot be, None if it was done.

    Raises:
        InputError: The units cannot be written.
    """
    reason = _systemctl("is-system-running")
    if reason is not None:
        return reason
    folder = unit_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{schedule.name}.service").write_text(schedule.service)
        (folder / f"{schedule.name}.timer").write_text(schedule.timer)
    except OSError as error:
        raise InputError(f"cannot write units into {folder}: {error.strerror}") from error
    return _systemctl("daemon-reload") or _systemctl("enable", "--now", f"{schedule.name}.timer")


def next_runs() -> dict[str, str]:
    """Name of each installed timer -> when it runs next, in systemd's words; empty text where not known."""
    found = {}
    for path in sorted(unit_folder().glob("harness-*.timer")):
        try:
            done = _call("show", path.name, "--property=NextElapseUSecRealtime", "--value")
            found[path.stem] = done.stdout.strip() if done.returncode == 0 else ""
        except (OSError, subprocess.TimeoutExpired):
            found[path.stem] = ""
    return found


def _systemctl(*arguments: str) -> str | None:
    """Run `systemctl --user`; gives what went wrong, None if nothing did."""
    try:
        done = _call(*arguments)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"systemctl cannot be run: {error}"
    # A system in which some other unit has failed is "degraded" and still runs timers.
    if done.returncode == 0 or (arguments == ("is-system-running",) and done.stdout.strip() == "degraded"):
        return None
    words = (done.stderr or done.stdout).strip().splitlines()
    return f"systemctl --user {arguments[0]}: {words[-1] if words else f'code {done.returncode}'}"


def _call(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ["systemctl", "--user", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """A word as systemd reads it."""
    return '"' + _escaped(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
