"""Tells somebody how the night was."""

import shlex
import subprocess

_TIMEOUT_S = 60.0


def notify(command: str, summary: str) -> str | None:
    """Run the command with the summary as its last argument; gives what went wrong, None if nothing did.

    A notification that fails changes nothing in the night.
    """
    try:
        arguments = [*shlex.split(command), summary]
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return f"the notification {command!r} failed: {error}"
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        return f"the notification {command!r} ended with code {done.returncode}" + (
            f": {words[-1]}" if words else ""
        )
    return None
