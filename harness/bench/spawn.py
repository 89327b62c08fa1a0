"""Starts a virtual board's process and learns its probe and port from it."""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from harness.errors import ProbeError

_READY_S = 30.0
_LEAVE_S = 3.0


class VirtualProcess:
    """The process of one virtual board. It ends with this one, whatever happens to it.

    Attributes:
        meter_port: Serial port of its simulated power meter.

    Args:
        name: The board's name, for messages.
        kind: Its kind.
        options: Further options of `python -m harness.virtual`.
    """

    def __init__(self, name: str, kind: str, options: Sequence[str] = ()) -> None:
        self._name = name
        self._errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115  # closed by close()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness.virtual", "--kind", kind, "--leave-with-parent", *options],
            stdin=subprocess.PIPE,  # never written; its end tells the board that we are gone
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,  # Ctrl-C is for this process, which then ends the board in order
        )
        self._unread = b""
        self.meter_port = ""
        self._last_fault: str | None = None
        self._lost_s = 0.0

    def wait_ready(self) -> tuple[str, str]:
        """Probe id and serial port, once the board runs; `meter_port` is known then too.

        Raises:
            ProbeError: It did not start.
        """
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            for event in self._events(0.2):
                if event["event"] == "ready":
                    self.meter_port = str(event["meter_port"])
                    return str(event["unique_id"]), str(event["serial_port"])
            if self._process.poll() is not None:
                break
        raise ProbeError(self._name, f"the virtual board did not start: {self._last_error()}")

    def last_fault(self) -> str | None:
        """What the emulation says of the last fault, if there was one."""
        self._listen(0.0)
        return self._last_fault

    def running(self) -> bool:
        """Whether the process lives."""
        return self._process.poll() is None

    def lost_s(self, wait_s: float) -> float:
        """Seconds by which the emulation has been slower than the chip, where its clock keeps to the wall's.

        Args:
            wait_s: How long to wait for news.
        """
        self._listen(wait_s)
        return self._lost_s

    def _listen(self, wait_s: float) -> None:
        for event in self._events(wait_s):
            if event["event"] == "fault":
                self._last_fault = str(event["reason"])
            elif event["event"] == "slow":
                self._lost_s = float(event["lost_s"])

    def close(self) -> None:
        """End the board."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(_LEAVE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def _events(self, wait_s: float) -> list[dict[str, Any]]:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while select.select([descriptor], [], [], wait_s)[0]:
            part = os.read(descriptor, 65536)
            if not part:
                break
            self._unread += part
            wait_s = 0.0
        *lines, self._unread = self._unread.split(b"\n")
        return [json.loads(line) for line in lines]

    def _last_error(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        return lines[-1] if lines else f"it ended with code {self._process.poll()}"
