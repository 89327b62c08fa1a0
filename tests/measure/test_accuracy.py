"""Answers, their figures, and the journal that survives a kill."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from harness.errors import InputError, LinkError
from harness.measure import Accuracy, Journal, Loader, measure_accuracy

INT8 = np.array([[5, -3], [-128, 127], [0, 0], [1, 9]], np.int8)
DECIMALS = np.array([[0.9, 0.1], [0.004, 0.996], [0.5, 0.5], [0.25, 0.75]], np.float32)


class Answers(Loader):
    """Answers sample `i` (its first byte) with row `i`; fails once it has answered `most`."""

    def __init__(self, outputs: np.ndarray, most: int = 1000) -> None:
        self.outputs, self.most = outputs, most
        self.asked: list[int] = []
        self.retries = 0

    def load(self, sample: bytes) -> None:
        raise AssertionError("not needed")

    def ask(self, sample: bytes) -> np.ndarray:
        if len(self.asked) == self.most:
            raise LinkError("desk", "gone")
        self.asked.append(sample[0])
        return self.outputs[sample[0]]


def _ask(loader: Loader, journal: Journal | None = None) -> Accuracy:
    samples = np.arange(4, dtype=np.int8).reshape(4, 1)
    return measure_accuracy(loader, list("abcd"), samples, np.array([0, 1, 1, 1]), journal=journal)


@pytest.mark.parametrize("outputs", [INT8, DECIMALS])
def test_figures_and_table(outputs: np.ndarray) -> None:
    found = _ask(Answers(outputs))
    assert (found.correct, found.samples, found.accuracy) == (3, 4, 0.75)
    assert [(c.label, c.correct, c.samples) for c in found.classes] == [(0, 1, 1), (1, 2, 3)]
    assert found.auc == 1.0
    again = Accuracy.from_csv(found.to_csv())
    assert again.outputs.dtype == outputs.dtype
    np.testing.assert_array_equal(again.outputs, outputs)
    assert again.names == found.names
    np.testing.assert_array_equal(again.labels, found.labels)


def test_one_class_has_no_area() -> None:
    assert Accuracy(("a",), np.array([0]), INT8[:1], 0).auc is None


def test_names_samples_and_labels_must_be_as_many() -> None:
    with pytest.raises(InputError, match="do not agree"):
        measure_accuracy(Answers(INT8), ["a"], np.zeros((2, 1), np.int8), np.zeros(2, np.int64))


@pytest.mark.parametrize("outputs", [INT8, DECIMALS])
def test_a_failed_run_goes_on_where_it_stopped(outputs: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "answers.txt"
    with Journal(path, 4) as journal, pytest.raises(LinkError):
        _ask(Answers(outputs, most=2), journal)
    rest = Answers(outputs)
    with Journal(path, 4) as journal:
        found = _ask(rest, journal)
    assert rest.asked == [2, 3]
    assert found.resumed == 2
    np.testing.assert_array_equal(found.outputs, outputs)
    assert found.outputs.dtype == outputs.dtype


@pytest.mark.parametrize("torn", [b"", b"3f", b"00000000 [1, 2]\n", b"garbage\n", b"\n"])
def test_a_torn_end_is_dropped(torn: bytes, tmp_path: Path) -> None:
    path = tmp_path / "answers.txt"
    with Journal(path, 4) as journal:
        journal.add(INT8[0])
        journal.add(INT8[1])
    with path.open("ab") as file:
        file.write(torn)
    with Journal(path, 4) as journal:
        np.testing.assert_array_equal(journal.outputs(), INT8[:2])
        journal.add(INT8[2])
    with Journal(path, 4) as journal:
        np.testing.assert_array_equal(journal.outputs(), INT8[:3])


def test_a_killed_process_loses_no_answer(tmp_path: Path) -> None:
    code = """
        import os, signal, sys
        from pathlib import Path
        import numpy as np
        from harness.measure import Journal
        journal = Journal(Path(sys.argv[1]), 9)
        for value in range(3):
            journal.add(np.array([value, -value], np.int8))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    path = tmp_path / "answers.txt"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(path)], env=os.environ, check=False
    )
    assert done.returncode == -signal.SIGKILL
    with Journal(path, 9) as journal:
        assert [output.tolist() for output in journal.outputs()] == [[0, 0], [1, -1], [2, -2]]
