"""Where the public originals of the tasks' data and models are, and what they must hash to."""

from dataclasses import dataclass

from harness.errors import InputError

_TINY = "https://raw.githubusercontent.com/mlcommons/tiny/master/benchmark/training"
_ENERGY_RUNNER = "https://raw.githubusercontent.com/eembc/energyrunner/main/datasets"


@dataclass(frozen=True)
class Source:
    """A public file.

    Attributes:
        url: Where it is.
        path: Where it goes in the data folder.
        sha256: What it hashes to, 64 hex characters; None where no hash is published.
        size_bytes: Its size, where it is known.
        unpacks_to: Folder in the data folder that the archive holds; None for a file that is not unpacked.
        bare: Whether the archive holds that folder's content without the folder.
        lists_files: Whether it is a label file whose lines name further files beside it.
    """

    url: str
    path: str
    sha256: str | None = None
    size_bytes: int | None = None
    unpacks_to: str | None = None
    bare: bool = False
    lists_files: bool = False


def _official(name: str, sha256: str | None = None) -> Source:
    """EnergyRunner's accuracy set."""
    return Source(f"{_ENERGY_RUNNER}/{name}/y_labels.csv", f"{name}/y_labels.csv", sha256, lists_files=True)


def _model(folder: str, path: str, sha256: str, size_bytes: int) -> Source:
    """A file of MLPerf Tiny's reference models."""
    return Source(f"{_TINY}/{folder}/trained_models/{path}", f"models/{path}", sha256, size_bytes)


SOURCES: dict[str, tuple[Source, ...]] = {
    "kws": (
        Source(
            "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_test_set_v0.02.tar.gz",
            "speech_commands_test_set_v0.02.tar.gz",
            size_bytes=112_563_277,
            unpacks_to="speech_commands_test_set_v0.02",
            bare=True,
        ),
        _official("kws01", "6cb3709762d53fe64eb00eaf4a75796248bb3c1386f1d1f93ccdb07b071e9698"),
        _model(
            "keyword_spotting",
            "kws_ref_model/saved_model.pb",
            "80665dd19eeb03d1152fdc098b5635261731b23478d09f6ff2166da799f98138",
            819_446,
        ),
        _model(
            "keyword_spotting",
            "kws_ref_model/variables/variables.index",
            "3f21dd9ea6736e20e70c5ed2f40ed9d8a7d12b98316ac0e4ab8f4eb7e303d738",
            9_326,
        ),
        _model(
            "keyword_spotting",
            "kws_ref_model/variables/variables.data-00000-of-00001",
            "5ebfddd34e85a2d35e87e27a8a803353534019bb460907b16db5fa72d757e8c5",
            321_307,
        ),
    ),
    "vww": (
        _official("vww01"),
        _model(
            "visual_wake_words",
            "vww_96.h5",
            "af9111d50e6e85b2f2123345e0316ef1c384865ebf6b06340ddac7e66017450f",
            3_124_024,
        ),
    ),
    "ic": (
        Source(
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            "cifar-10-python.tar.gz",
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            170_498_071,
            unpacks_to="cifar-10-batches-py",
        ),
        _official("ic01"),
        _model(
            "image_classification",
            "pretrainedResnet.h5",
            "5f938a8eea605438cc7360aa13c987bc6d7bd0c8d931b2917361ae7ae4eeda2f",
            1_116_712,
        ),
    ),
    "ad": (
        Source(
            "https://zenodo.org/record/3678171/files/dev_data_ToyCar.zip?download=1",
            "dev_data_ToyCar.zip",
            unpacks_to="ToyCar",
        ),
        _official("ad01"),
        _model(
            "anomaly_detection",
            "ad01.h5",
            "651a62de1b7facd68d1269373992a2d09ffd28e6a816935d4834fcc558bde512",
            3_411_016,
        ),
    ),
}
"""Task name -> its files, in the order they are fetched."""


def sources_of(task: str) -> tuple[Source, ...]:
    """The public files of a task.

    Raises:
        InputError: The task has none.
    """
    if task not in SOURCES:
        raise InputError(f"task {task!r} has no data to fetch; tasks with data: {', '.join(SOURCES)}")
    return SOURCES[task]
