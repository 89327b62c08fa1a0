"""The answers of a run under way, kept so that one that is killed goes on where it stopped."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from harness.bench import LeasedBoard
from harness.config.paths import ensure_writable, runtime_dir
from harness.firmware import Image
from harness.measure import GivenSamples
from harness.store import Store, stage_key
from harness.tasks import Split

_FORMAT = 2  # files of the first may hold the answers of two runs at once


def answers_file(
    store: Store,
    image: Image,
    board: LeasedBoard,
    samples: Split | GivenSamples | None,
    load: str | None,
    study: str | None = None,
) -> Path:
    """Where the answers of an unfinished run are; the study's name comes first, for `harness gc`."""
    key = stage_key(
        "answers",
        {
            "format": _FORMAT,
            "image": image.image_sha256,
            "samples": samples.fingerprint if samples is not None else None,
            "board": board.name,
            "study": study,
            "strict": load == "serial-strict",
        },
    )
    return store.folder / "answers" / (f"{study}.{key}.txt" if study else f"{key}.txt")


@contextmanager
def held_answers(path: Path) -> Iterator[Path | None]:
    """The same file for this run alone; None while another run of the same image on a board of the same name has it.

    No lease keeps virtual boards of one name apart: each that is opened is a process of its own.

    Raises:
        InputError: The folder of the answers or of the locks cannot be written.
    """
    ensure_writable(path.parent)
    lock = FileLock(ensure_writable(runtime_dir() / "answers") / f"{path.stem}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield None
        return
    try:
        yield path
    finally:
        lock.release()
