"""Runs `harness bench` under every injected fault and writes the table of docs/faults.md.

    python -m benchmarks.faults [--kind nrf52840-dk]

The cases and what is promised of each are those of tests/conformance.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness.quantization import quantize
from harness.store import Measurement
from harness.tasks import load_reference, load_task
from tests.conformance.promises import FAULTS, Fault, Outcome, measure, wrong_figures

PAGE = Path(__file__).resolve().parents[1] / "docs" / "faults.md"
BEGIN, END = "<!-- table of benchmarks/faults.py -->\n", "<!-- end -->\n"


def row_of(fault: Fault, board: str, outcome: Outcome, sound: Measurement) -> str:
    """One line of the table."""
    settings = board.partition("?")[2] or "none"
    done = []
    if outcome.row and outcome.row.recovery:
        done.append(outcome.row.recovery)
    if outcome.row and outcome.row.retries:
        done.append(f"asked again {outcome.row.retries} times")
    tries = len(outcome.tries) - bool(outcome.error)
    if tries > 0:
        done.append(f"started anew {tries} times")
    done.append(f"gave up: {outcome.error}" if outcome.error else "right row")
    wrong = len(wrong_figures(outcome, sound))
    return f"| {fault.what} | `{settings}` | {'; '.join(done)} | {'no' if outcome.error else 'yes'} | {wrong} |\n"


def table(kind: str) -> str:
    """The whole table, measured now."""
    lines = [
        "| fault | setting | what the harness did | figures | wrong figures |\n",
        "|---|---|---|---|---|\n",
    ]
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "digits.tflite"
        task = load_task("digits")
        model.write_bytes(quantize(load_reference(task), task.calibration))
        sound: Measurement | None = None
        for fault in FAULTS:
            board = fault.board(kind)
            outcome = measure(model, board, Path(folder) / "results")
            sound = sound or outcome.row
            assert sound is not None, outcome
            lines.append(row_of(fault, board, outcome, sound))
            print(lines[-1], end="", flush=True)
    return "".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kind", default="nrf52840-dk", help="board kind, emulated")
    kind = parser.parse_args(arguments).kind
    page = PAGE.read_text()
    head, tail = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(f"{head}{BEGIN}\nMeasured on `virtual:{kind}`:\n\n{table(kind)}\n{END}{tail}")


if __name__ == "__main__":
    main()
