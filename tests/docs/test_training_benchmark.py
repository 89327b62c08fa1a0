"""benchmarks/training.py trains what it says and shows what is left of it."""

import re
import subprocess
import sys

import pytest

from tests.docs.blocks import DOCS

SCRIPT = DOCS.parent / "benchmarks" / "training.py"


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True)


@pytest.mark.long
def test_each_candidate_has_seconds_and_memory() -> None:
    done = _run("--times", "3", "--cut", "block2")
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^(\S+) +(\d+\.\d) +(\d+\.\d) +(\d+) +(-?\d+\.\d)$", done.stdout, re.MULTILINE)
    assert [name for name, *_ in rows] == ["block2-aux", "block2-aux-unfrozen", "channels"]
    for _, first_s, then_s, resident_mb, _ in rows:
        assert float(first_s) > 0 and float(then_s) > 0 and int(resident_mb) > 200


def test_one_training_is_too_few() -> None:
    done = _run("--times", "1")
    assert done.returncode == 2
    assert "--times must be at least 2" in done.stderr


def test_an_unknown_recipe_is_one_sentence() -> None:
    done = _run("--recipe", "nothing")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: unknown recipe 'nothing'")
