"""Candidates over all folds of a task: every sample was in one study's test split, and no model was trained on it.

    python benchmarks/folds.py [--results-dir DIR] [--board NAME] [--against CANDIDATE] STUDY STUDY ...

Give one study for each fold, with the same candidates asked for all samples. A row is a candidate: its answers of all
folds together, with the 95 % interval of the accuracy, and how many points it is behind the unpruned network (or the
candidate named) on the very same samples, with the 95 % interval of that paired difference. Nothing is measured here.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

import harness
from harness.config.paths import results_dir
from harness.errors import HarnessError, InputError
from harness.measure import Accuracy, wilson_interval
from harness.pruning import UNPRUNED
from harness.search.paired import Flags, measure_drop
from harness.store import Store


def right_of(studies: list[str], folder: Path, board: str | None) -> dict[str, dict[str, tuple[bool, ...]]]:
    """Candidate -> study -> whether each sample was answered rightly, by the names of the samples.

    Raises:
        InputError: The studies share samples, so they are no folds.
    """
    found: dict[str, dict[str, tuple[bool, ...]]] = {}
    seen: set[str] = set()
    with Store(folder) as store:
        for study in studies:
            rows = harness.load_results(study, results_dir=folder)
            rows = rows[(rows.status == "ok") & rows.outputs_sha256.notna()]
            rows = rows[rows.board == board] if board else rows
            whole = rows[rows.samples == rows.samples.max()]
            names: set[str] = set()
            for _, row in whole.iterrows():
                answers = Accuracy.from_csv(store.artifacts.read(str(row.outputs_sha256)).decode())
                order = np.argsort(np.array(answers.names))
                names |= set(answers.names)
                found.setdefault(str(row.candidate), {})[study] = tuple(answers.right[order].tolist())
            if names & seen:
                raise InputError(f"{study} was tested on samples of a study before it: give one of each fold")
            seen |= names
    return found


def pooled(by_study: dict[str, tuple[bool, ...]], studies: list[str]) -> Flags:
    """Whether each sample of all studies was answered rightly, bool `[n]`."""
    return np.array([right for study in studies for right in by_study[study]])


def table(
    found: dict[str, dict[str, tuple[bool, ...]]], studies: list[str], against: str = UNPRUNED
) -> pd.DataFrame:
    """One row a candidate that was asked for all samples of every fold.

    Raises:
        InputError: The one they are held `against` was not.
    """
    whole = {name: pooled(by, studies) for name, by in found.items() if len(by) == len(studies)}
    if against not in whole:
        raise InputError(f"not every study has the answers of {against} to all its samples")
    rows = []
    for name, right in whole.items():
        low, high = wilson_interval(int(right.sum()), len(right))
        drop = measure_drop(whole[against], right)
        folds = ", ".join(f"{100 * np.mean(found[name][study]):.1f}" for study in studies)
        rows.append(
            {
                "candidate": name,
                "samples": str(len(right)),
                "accuracy %": f"{100 * right.mean():.1f} ({100 * low:.1f} to {100 * high:.1f})",
                "points behind": drop.points if name != against else "",
                "of each fold %": folds,
            }
        )
    return pd.DataFrame(rows)


def main() -> int:
    """Print the table; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("studies", nargs="+", metavar="STUDY")
    parser.add_argument("--board", help="Answers of this board alone.")
    parser.add_argument(
        "--against", default=UNPRUNED, metavar="CANDIDATE", help="Whom they are behind [default: unpruned]."
    )
    parser.add_argument("--results-dir", type=Path, default=results_dir())
    arguments = parser.parse_args()
    try:
        found = right_of(arguments.studies, arguments.results_dir, arguments.board)
        frame = table(found, arguments.studies, arguments.against)
    except HarnessError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    shown = Table()
    for name in frame.columns:
        shown.add_column(name, overflow="fold")  # names lose nothing in a narrow terminal
    for row in frame.itertuples(index=False):
        shown.add_row(*row)
    Console().print(shown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
