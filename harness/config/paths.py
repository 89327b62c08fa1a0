"""Where things live on this machine.

Environment variables win over defaults: `HARNESS_RESULTS_DIR` (the store, default `./results`),
`HARNESS_CACHE_DIR` (rebuildable files), `HARNESS_RUNTIME_DIR` (leases, running virtual boards),
`HARNESS_STATE_DIR` (boards in quarantine),
`HARNESS_BENCH_FILE` (the inventory of boards), `HARNESS_BOARDS_DIR` (board kinds of your own, besides those that come
with the harness), `HARNESS_DATA_DIR` (data sets).
"""

import os
import sys
import tempfile
from pathlib import Path

import platformdirs

from harness.errors import InputError

_APP = "tinyml-harness"
_PACKAGE = Path(__file__).resolve().parent.parent


def resource_dir(name: str) -> Path:
    """A folder shipped with the harness: `boards` or `firmware_templates`.

    In a checkout it stands beside the package, in an installed wheel inside it.
    """
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def results_dir() -> Path:
    """Folder of the store and its artifacts."""
    return Path(os.environ.get("HARNESS_RESULTS_DIR", "results"))


def cache_dir() -> Path:
    """Folder of files that can be made again (compiler caches, downloads)."""
    given = os.environ.get("HARNESS_CACHE_DIR")
    return Path(given) if given else platformdirs.user_cache_path(_APP)


def compiler_environment() -> dict[str, str]:
    """Environment for a compiler: zig's cache in ours (it needs no home folder then), messages in English."""
    zig_cache = str(cache_dir() / "zig")
    return {**os.environ, "ZIG_GLOBAL_CACHE_DIR": zig_cache, "ZIG_LOCAL_CACHE_DIR": zig_cache, "LC_ALL": "C"}


def runtime_dir() -> Path:
    """Folder of leases and of the records of running virtual boards, one for all processes."""
    given = os.environ.get("HARNESS_RUNTIME_DIR")
    if given:
        return Path(given)
    if sys.platform != "linux" or "XDG_RUNTIME_DIR" in os.environ:
        return platformdirs.user_runtime_path(_APP)
    # A timer job does not get the variable that a login gets, and must still see the same leases.
    session = Path(f"/run/user/{os.getuid()}")
    return session / _APP if session.is_dir() else Path(tempfile.gettempdir()) / f"{_APP}-{os.getuid()}"


def state_dir() -> Path:
    """Folder of what must be remembered from run to run: boards in quarantine."""
    given = os.environ.get("HARNESS_STATE_DIR")
    return Path(given) if given else platformdirs.user_state_path(_APP)


def bench_file() -> Path:
    """The user's inventory of boards."""
    given = os.environ.get("HARNESS_BENCH_FILE")
    return Path(given) if given else platformdirs.user_config_path(_APP) / "bench.toml"


def board_dirs() -> list[Path]:
    """Folders of board kinds: those that come with the harness, and the user's own if one is named."""
    given = os.environ.get("HARNESS_BOARDS_DIR")
    return [resource_dir("boards"), *([Path(given)] if given else [])]


def default_data_dir() -> Path | None:
    """The data folder named in the environment, if any."""
    given = os.environ.get("HARNESS_DATA_DIR")
    return Path(given) if given else None


def ensure_writable(folder: Path) -> Path:
    """Make `folder` if needed and check that files can be made in it.

    Raises:
        InputError: The folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {folder}: {error.strerror}; choose another") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"no permission to write in {folder}: change its mode or choose another folder")
    return folder
