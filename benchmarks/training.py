"""What training costs this computer: seconds and memory of each network, and what the process keeps of it.

    python benchmarks/training.py [--task digits] [--data-dir D] [--cut block1] [--recipe quick] [--times 5]

One candidate a row, trained over and over in this process, each time from another seed: a head alone, the same with the
kept part trained too, and the whole network thinned to 70 % of its weights' flash. The first time, which also starts
TensorFlow's threads and computes feature maps, is told apart. Nothing is stored.
"""

import argparse
import gc
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from harness.errors import HarnessError
from harness.pruning import Candidate, FeatureCache, load_recipe, train_candidate
from harness.pruning.channels import (
    Budget,
    Calibration,
    Resources,
    find_groups,
    fit_layer_times,
    prune_channels,
)
from harness.tasks import Task, load_reference, load_task
from harness.tasks.recipe import Recipe

_THINNED = 0.7


def resident_mb() -> float:
    """Memory of this process that lies in RAM, after what nothing refers to is freed."""
    gc.collect()
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    raise RuntimeError("/proc/self/status has no VmRSS")


def trainings(task: Task, cut: str, recipe: Recipe) -> dict[str, Callable[[int], object]]:
    """Name -> what trains that candidate from a seed."""
    reference: Any = load_reference(task, None)
    unmeasured = Calibration(fit_layer_times([]))
    flash_bytes = _THINNED * float(Resources(find_groups(reference), unmeasured).flash_bytes({}))
    features = FeatureCache()

    def head(seed: int, *, frozen: bool) -> None:
        candidate = Candidate(cut, "aux", frozen=frozen, seed=seed)
        train_candidate(reference, candidate, task, recipe, features=features)

    def channels(seed: int) -> None:
        prune_channels(reference, task, Budget(flash_bytes=flash_bytes), unmeasured, recipe, seed=seed)

    return {
        f"{cut}-aux": lambda seed: head(seed, frozen=True),
        f"{cut}-aux-unfrozen": lambda seed: head(seed, frozen=False),
        "channels": channels,
    }


def main() -> int:
    """Run the benchmark; the exit code says what went wrong, if anything did."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--task", default="digits")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--cut", default="block1")
    parser.add_argument("--recipe", default="quick")
    parser.add_argument("--times", type=int, default=5, help="trainings of each candidate, at least 2")
    asked = parser.parse_args()
    if asked.times < 2:
        parser.error("--times must be at least 2: the first time is not like the others")
    table = Table("candidate", "first s", "then s", "RAM MB", "kept MB each", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    try:
        task = load_task(asked.task, asked.data_dir)
        for name, train in trainings(task, asked.cut, load_recipe(asked.recipe)).items():
            seconds, resident = [], []
            for seed in range(asked.times):
                start = time.perf_counter()
                train(seed)
                seconds.append(time.perf_counter() - start)
                resident.append(resident_mb())
            kept = median(after - before for before, after in pairwise(resident))
            table.add_row(
                name, f"{seconds[0]:.1f}", f"{median(seconds[1:]):.1f}", f"{resident[-1]:.0f}", f"{kept:.1f}"
            )
    except HarnessError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
