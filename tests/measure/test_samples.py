"""Samples of the user's own: what is read, and what is refused before a board is asked."""

from pathlib import Path

import numpy as np
import pytest

from harness.errors import InputError
from harness.firmware import TensorSpec
from harness.measure import Accuracy, anomaly_scores, read_samples

SHAPE = (2, 2, 1)


def _folder(tmp_path: Path, labels: str, **files: bytes) -> Path:
    (tmp_path / "y_labels.csv").write_text(labels)
    for name, content in files.items():
        (tmp_path / f"{name}.bin").write_bytes(content)
    return tmp_path


def test_a_folder_of_features_and_one_of_pictures(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "b.bin,3,2\na.bin,3,0\n", a=bytes([0, 1, 127, 255]), b=bytes(4))
    found = read_samples(folder, SHAPE)
    assert found.names == ["b.bin", "a.bin"]
    assert found.y.tolist() == [2, 0]
    assert found.encode(0.5, 3)[1].ravel().tolist() == [0, 1, 127, -1]
    picture = tmp_path / "pictures"
    picture.mkdir()
    found = read_samples(_folder(picture, "p.bin,2,1", p=bytes([0, 128, 255])), (1, 1, 3))
    assert found.encode(1 / 255, -128)[0].ravel().tolist() == [-128, 0, 127]


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ("a.bin,3,0\n", "there without a label: b.bin"),
        ("a.bin,3,0\nb.bin,3,1\nc.bin,3,1\n", "named and not there: c.bin"),
        ("a.bin,3,0\nb.bin,3,1\na.bin,3,1\n", "named twice: a.bin"),
        ("a.bin,3,3\nb.bin,3,1\n", "line 1: expected"),
        ("a.bin,3\nb.bin,3,1\n", "line 1: expected"),
        ("../a.bin,3,1\n", "line 1: expected"),
        ("", "has no labels"),
    ],
)
def test_files_and_labels_must_agree(tmp_path: Path, labels: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_samples(_folder(tmp_path, labels, a=bytes(4), b=bytes(4)), SHAPE)


def test_sizes_must_be_the_model_s(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has 5 bytes and the model takes 4"):
        read_samples(_folder(tmp_path, "a.bin,2,1", a=bytes(5)), SHAPE)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"x": np.zeros((3, 2, 2, 1)), "y": np.zeros(2, int)}, "3 samples, 2 labels"),
        ({"x": np.zeros((3, 2, 2, 1)), "y": np.zeros(3)}, "one of each"),
        ({"x": np.zeros((3, 5)), "y": np.zeros(3, int)}, r"shape \[5\] and the model takes \[2, 2, 1\]"),
        ({"images": np.zeros((3, 4)), "y": np.zeros(3, int)}, "has no array x or x_test; it has images, y"),
    ],
)
def test_archives_that_cannot_be_asked(tmp_path: Path, arrays: dict[str, np.ndarray], says: str) -> None:
    np.savez(tmp_path / "s.npz", **arrays)
    with pytest.raises(InputError, match=says):
        read_samples(tmp_path / "s.npz", SHAPE)


def test_an_archive_with_labels_from_elsewhere(tmp_path: Path) -> None:
    real = np.array([[-10.0, 0.0, 1.26, 100.0]])
    np.savez(tmp_path / "s.npz", x_test=real, y_test=np.array([1]))
    np.save(tmp_path / "y.npy", np.array([7]))
    assert read_samples(tmp_path / "s.npz", SHAPE).y.tolist() == [1]
    found = read_samples(tmp_path / "s.npz", SHAPE, tmp_path / "y.npy")
    assert found.y.tolist() == [7]
    assert found.encode(0.5, 1).ravel().tolist() == [-19, 1, 4, 127]
    (tmp_path / "s.npz").write_bytes(b"PK not quite")
    with pytest.raises(InputError, match="cannot be read"):
        read_samples(tmp_path / "s.npz", SHAPE)


def test_windows_of_files_are_scored_by_file(tmp_path: Path) -> None:
    normal, odd = np.arange(6, dtype="<f4"), np.full(6, 9, "<f4")
    labels = "odd.bin,2,1,16,4\nnormal.bin,2,0,16,4\n"
    found = read_samples(_folder(tmp_path, labels, normal=normal.tobytes(), odd=odd.tobytes()), (4,))
    assert found.names == [f"{name}.bin#{i}" for name in ("odd", "normal") for i in range(3)]
    assert found.x[3:].tolist() == [[0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5]]
    output = TensorSpec("out", (1, 4), 1.0, 0)
    outputs = np.concatenate([np.full((3, 4), 7), np.add(found.x[3:], [[1], [0], [2]])]).astype(np.int8)
    scores = anomaly_scores(Accuracy(tuple(found.names), found.y, outputs, 0), found, output)
    assert scores.scores.tolist() == [4.0, pytest.approx(5 / 3)]
    assert scores.labels.tolist() == [1, 0]
    assert scores.auc == 1.0
    computed = np.array([[4], [4], [4], [1], [0], [4]], np.float32)
    scores = anomaly_scores(Accuracy(tuple(found.names), found.y, computed, 0), found, output)
    assert scores.scores.tolist() == [4.0, pytest.approx(5 / 3)]


@pytest.mark.parametrize("windows", ["12,4", "16,3", "16,0"])
def test_windows_must_give_the_model_s_input(tmp_path: Path, windows: str) -> None:
    with pytest.raises(InputError, match="do not give the 4 float32"):
        read_samples(_folder(tmp_path, f"a.bin,2,1,{windows}", a=bytes(24)), (4,))
