"""The table of a task's candidates, made from stored studies, beside what the paper reports.

    python benchmarks/results.py --task kws --data-dir DIR [--results-dir DIR] STUDY [STUDY ...]

Each row is a candidate: what is known before training (parameters, nominal MACs), what the boards measured
(flash, RAM, latency, accuracy of the int8 image with its 95 % interval), and the float model's accuracy on the
same samples. A board that timed a candidate untrained gives flash, RAM and latency alone; an accuracy on fewer
samples than the most says on how many. Nothing is measured or trained here; `harness search` makes the studies.
"""

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd

import harness
from harness.config.paths import results_dir
from harness.errors import HarnessError
from harness.pruning import HEADS, overview
from harness.pruning.heads import CONTROL
from harness.tasks import load_reference, load_task
from harness.units import KIB

_PAPER = Path(__file__).with_name("paper.toml")


def candidates_of(studies: list[str], folder: Path) -> dict[str, dict[str, pd.Series]]:
    """Candidate -> board kind -> newest row with most samples, in the order they were first measured."""
    found: dict[str, dict[str, pd.Series]] = {}
    for study in studies:
        rows = harness.load_results(study, results_dir=folder)
        for _, row in rows[(rows.status == "ok") & rows.fits & rows.latency_us.notna()].iterrows():
            by_kind = found.setdefault(str(row.candidate), {})
            if row.kind not in by_kind or _samples(row) >= _samples(by_kind[str(row.kind)]):
                by_kind[str(row.kind)] = row
    return found


def _samples(row: pd.Series) -> int:
    return 0 if pd.isna(row.samples) else int(row.samples)


def _percent(value: Any) -> str:
    return "" if pd.isna(value) else f"{100 * float(value):.1f}"


def _accuracy(row: pd.Series, whole: int) -> str:
    """Percent with its interval; empty where it was not measured."""
    if pd.isna(row.accuracy):
        return ""
    part = "" if _samples(row) == whole else f" on {_samples(row)}"
    return f"{_percent(row.accuracy)} ({_percent(row.accuracy_low)} to {_percent(row.accuracy_high)}){part}"


def _paper(task: str, name: str, cut: Any, head: Any) -> list[str]:
    """The paper's host accuracy, device accuracy and device latency for the same cut with its own head."""
    known = tomllib.loads(_PAPER.read_text(encoding="utf-8")).get(task, {})
    if name == "unpruned" and "base" in known:
        point = {"frozen": known["base"]["host"], **known["base"]}
    elif str(head) == "aux" and cut in known:
        point = known[cut]
    else:
        return ["", "", ""]
    host = point["unfrozen"] if name.endswith("-unfrozen") else point["frozen"]
    if name.endswith("-unfrozen"):
        return [f"{host:.1f}", "", ""]
    return [f"{host:.1f}", f"{point['device']:.1f}", f"{point['device_ms']:g}"]


def table(task: str, rows: dict[str, dict[str, pd.Series]], sizes: dict[str, Any]) -> list[str]:
    """The lines of a Markdown table."""
    kinds = list(dict.fromkeys(kind for by_kind in rows.values() for kind in by_kind))
    whole = max(_samples(row) for by_kind in rows.values() for row in by_kind.values())
    heads = ["candidate", "params", "MACs (M)"]
    heads += [f"{what} {kind}" for kind in kinds for what in ("flash KB", "RAM KB", "ms")]
    heads += ["float %", "int8 on the board %"]
    with_paper = any(_paper(task, name, r.cut, r["head"])[0] for name, b in rows.items() for r in b.values())
    if with_paper:
        heads += ["paper: host %", "device %", "device ms"]
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    for name, by_kind in rows.items():
        any_row = max(by_kind.values(), key=_samples)
        size = sizes.get(name.removesuffix("-unfrozen"), sizes["unpruned"] if "unpruned" in name else None)
        cells = [name, f"{size.params:,}" if size else "", f"{size.macs / 1e6:.3f}" if size else ""]
        for kind in kinds:
            row = by_kind.get(kind)
            cells += (
                ["", "", ""]
                if row is None
                else [
                    f"{row.flash_bytes / KIB:.1f}",
                    f"{row.ram_bytes / KIB:.1f}",
                    f"{row.latency_us / 1e3:.1f}",
                ]
            )
        cells += [_percent(any_row.float_accuracy), _accuracy(any_row, whole)]
        if with_paper:
            cells += _paper(task, name, any_row.cut, any_row["head"])
        lines.append("| " + " | ".join(cells) + " |")
        accuracies = {_accuracy(row, whole) for row in by_kind.values() if _samples(row) == whole}
        if len(accuracies) > 1:
            lines.append(f"| {name}: boards disagree: {sorted(accuracies)} |")
    return lines


def main() -> int:
    """Print the table; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("studies", nargs="+", metavar="STUDY")
    parser.add_argument("--task", required=True)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--results-dir", type=Path, default=results_dir())
    arguments = parser.parse_args()
    try:
        reference = load_reference(load_task(arguments.task, arguments.data_dir))
        sizes = {row.candidate: row for row in overview(reference, tuple(h for h in HEADS if h != CONTROL))}
        rows = candidates_of(arguments.studies, arguments.results_dir)
        print("\n".join(table(arguments.task, rows, sizes)))
    except HarnessError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
