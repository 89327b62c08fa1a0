"""Measure first, train after, beside the exhaustive search: the same choice, and what each took.

    python benchmarks/search.py --task kws --data-dir D --board virtual:nrf52840-dk --max-accuracy-drop 2

Each strategy begins with an empty store. A second table says what each one's threads were at. Exit code 1 if a
board's choices differ.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from activities import Activities
from rich.console import Console
from rich.table import Table

from harness import api
from harness.errors import HarnessError


def run(arguments: argparse.Namespace, folder: Path) -> dict[str, tuple[Any, Activities]]:
    """Decisions by board of each strategy, and what its threads were at.

    Raises:
        HarnessError: As the search raises it.
    """
    found = {}
    for strategy in ("measure first", "exhaustive"):
        activities = Activities()
        with activities.watching():
            decisions = api.search(
                arguments.task,
                arguments.board,
                "benchmark",
                data_dir=arguments.data_dir,
                max_accuracy_drop=arguments.max_accuracy_drop,
                objective=arguments.objective,
                heads=arguments.heads.split(","),
                exhaustive=strategy == "exhaustive",
                results_dir=folder / strategy.replace(" ", "-"),
                observer=activities,
            )
        found[strategy] = decisions, activities
        print(strategy, "took", round(activities.wall_s), "s", file=sys.stderr, flush=True)
    return found


def table_of(found: dict[str, tuple[Any, Activities]]) -> Table:
    """A row a strategy and board."""
    table = Table("strategy", "board", "choice", "trained", "on all samples", "answers asked", "seconds")
    for strategy, (decisions, activities) in found.items():
        for board, decision in decisions.items():
            counts = decision.facts["counts"]
            table.add_row(
                strategy,
                board,
                str(decision.candidate),
                f"{counts['trained']} of {counts['candidates'] - 1}",
                f"{counts['fully_measured']} of {counts['candidates'] * counts['boards']}",
                f"{counts['samples']:,} of {counts['samples_exhaustive']:,}",
                f"{activities.wall_s:.0f}",
            )
    return table


def main() -> int:
    """Entry point; gives the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--task", required=True)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--board", action="append", required=True)
    parser.add_argument("--max-accuracy-drop", type=float, default=2.0)
    parser.add_argument("--objective", default="latency")
    parser.add_argument("--heads", default="aux,dense")
    parser.add_argument("--results-dir", type=Path, help="keep the two stores here")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="harness-search-") as folder:
            found = run(arguments, arguments.results_dir or Path(folder))
    except HarnessError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    console = Console(width=130)
    console.print(table_of(found))
    for strategy, (_, activities) in found.items():
        console.print(f"\n{strategy}:", activities.table())
    (first, _), (second, _) = found.values()
    return int(any(first[board].candidate != second[board].candidate for board in first))


if __name__ == "__main__":
    sys.exit(main())
