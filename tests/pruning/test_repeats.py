"""Gates end alike in every process, to the last bit: a long training makes much of a difference in rounding."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

# Many groups, whose costs TensorFlow's graph optimiser once added up in an order of its own in each process.
TRAIN = """
import hashlib
import numpy as np
from harness.pruning.channels import Annealing, Budget, Resources, find_groups
from harness.pruning.channels.anneal import anneal
from harness.pruning.channels.gates import GatedModel
from harness.tasks.dscnn import Block, DsCnn, build_ds_cnn
from harness.tasks.framework import seeded
from harness.tasks.lesson import prepare_lesson
from tests.pruning.networks import NO_TIMES, TRAINING

with seeded(1):
    widths = (8, 12, 16, 20, 24, 28, 32, 28, 24, 20, 16, 12, 8)
    network = build_ds_cnn(DsCnn("deep", (6, 6, 1), (3, 3), 1, 8, tuple(map(Block, widths))), 2)
gated = GatedModel(network)
whole = Resources(find_groups(network), NO_TIMES)
budget = Budget(flash_bytes=0.5 * float(whole.flash_bytes({})), ram_bytes=0.5 * float(whole.ram_bytes({})))
x = np.random.default_rng(0).normal(size=(20, 6, 6, 1)).astype(np.float32)
lesson = prepare_lesson(gated.model, TRAINING, 0, None, None)
anneal(gated, Resources(gated.graph, NO_TIMES), budget, (x, np.arange(20) % 2), lesson, Annealing(30, 1, 20), 0)
strengths = b"".join(strength.numpy().tobytes() for strength in gated.strengths.values())
print(hashlib.sha256(strengths).hexdigest())
"""


def trained(_: int) -> str:
    return subprocess.run([sys.executable, "-c", TRAIN], check=True, capture_output=True, text=True).stdout


@pytest.mark.slow
def test_gates_end_alike_in_every_process() -> None:
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(trained, range(4)))
    assert len(found[0]) == 65
    assert len(set(found)) == 1
