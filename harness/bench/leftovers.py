"""What virtual boards that were killed have left behind."""

import json
from pathlib import Path

from harness.config.paths import runtime_dir


def dead_records() -> list[Path]:
    """Records of virtual boards whose process is gone, of those that this machine's processes share."""
    return [path for path in sorted((runtime_dir() / "virtual").glob("*.json")) if not _alive(path)]


def _alive(record: Path) -> bool:
    try:
        pid = int(json.loads(record.read_text())["pid"])
    except (OSError, ValueError, TypeError, KeyError):
        return False
    return Path(f"/proc/{pid}").exists() or not Path("/proc/self").exists()
