"""Which commit of the user's own sources a night belongs to."""

import subprocess
from pathlib import Path


def revision_of(folder: Path) -> str | None:
    """The git commit that `folder` is at; None where there is no git or no commit."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
