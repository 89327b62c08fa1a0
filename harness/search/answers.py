"""The answers of a run under way, kept so that one that is killed goes on where it stopped."""

from pathlib import Path

from harness.bench import LeasedBoard
from harness.firmware import Image
from harness.measure import GivenSamples
from harness.store import Store, stage_key
from harness.tasks import Split


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
            "image": image.image_sha256,
            "samples": samples.fingerprint if samples is not None else None,
            "board": board.name,
            "study": study,
            "strict": load == "serial-strict",
        },
    )
    return store.folder / "answers" / (f"{study}.{key}.txt" if study else f"{key}.txt")
