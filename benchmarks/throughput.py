"""How fast samples and rows are made, beside the bars they are held to, with where the time goes.

    python benchmarks/throughput.py --models DIR --data DIR [--board virtual:nrf52840-dk] [CASE ...]

Cases: kws, kws-strict, vww, row. A mark follows each figure that has a bar: + it is met, - it is not. For a real
board the time each phase should take is printed before it starts. Nothing is stored.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from harness.bench import LeasedBoard, open_board, resolve
from harness.config.kinds import load_kind
from harness.errors import HarnessError, InputError
from harness.firmware import Image, build_image
from harness.measure import GivenSamples, make_loader, measure_accuracy, predict, read_samples, start_image

CASES = ("kws", "kws-strict", "vww", "row")
_KWS, _VWW = "kws_ref_model.tflite", "vww_96_int8.tflite"
# Inferences alone are timed in this many windows among the samples, so that both meet the same load of the computer.
_PURE_WINDOWS = 4
_PURE_ITERATIONS = 20


@dataclass(frozen=True)
class Case:
    """What is asked of a board, and the bars: seconds for a thousand samples, and times the pure inference time."""

    model: str
    model_id: str
    samples: str
    load: str
    most_s: float
    most_times: float | None = None


_ASKED = {
    "kws": Case(_KWS, "kws01", "kws/kws01", "swd", 25.0, 1.3),
    "kws-strict": Case(_KWS, "kws01", "kws/kws01", "serial-strict", 60.0),
    "vww": Case(_VWW, "vww01", "vww/vww01_test1000_96x96x3.npz", "swd", 240.0),
}
_ROW_COLD_S, _ROW_WARM_S = 10.0, 5.0


@dataclass
class Phases:
    """Wall seconds of each phase in order, with what is to be said of it."""

    rows: list[tuple[str, float, str]] = field(default_factory=list)

    @contextmanager
    def time(self, phase: str, note: str = "") -> Iterator[None]:
        """Time the block as `phase`."""
        start = time.perf_counter()
        yield
        self.rows.append((phase, time.perf_counter() - start, note))

    def table(self, title: str) -> Table:
        """One row a phase."""
        table = Table("phase", "seconds", "", title=title, title_justify="left", box=None, pad_edge=False)
        table.columns[1].justify = "right"
        for phase, seconds, note in self.rows:
            table.add_row(phase, f"{seconds:.3f}", note)
        return table


def mark(value: float, bar: float) -> str:
    """A figure beside its bar."""
    return f"{'+' if value <= bar else '-'} at most {bar:g}"


def ask(console: Console, name: str, case: Case, arguments: argparse.Namespace) -> None:
    """Ask a board for samples, and print where the time went.

    Raises:
        HarnessError: As the harness's own functions raise it.
    """
    phases = Phases()
    unit = resolve(arguments.board)
    kind = load_kind(unit.kind)
    with tempfile.TemporaryDirectory(prefix="harness-throughput-") as folder:
        with phases.time("build"):
            image = build_image(arguments.models / case.model, kind, Path(folder), model_id=case.model_id)
        with phases.time("read samples"):
            given = read_samples(arguments.data / case.samples, image.input.shape[1:])
            chosen = given.take(np.arange(min(arguments.samples, len(given))))
        if not unit.virtual:
            table = Table("phase", "should take s", "", box=None, pad_edge=False)
            for phase in predict(image, kind, unit.baud or kind.uart.baud, case.load, len(chosen), None):
                table.add_row(phase.phase, f"{phase.seconds:.1f}", phase.because)
            console.print(table)
        with open_board(unit) as board:
            _measure(phases, board, image, chosen, case)
    console.print(phases.table(f"{name}: {len(chosen)} samples by {case.load} on {arguments.board}"))
    console.print()


def _measure(phases: Phases, board: LeasedBoard, image: Image, chosen: GivenSamples, case: Case) -> None:
    with phases.time("flash"):
        board.flash(image)
    inputs = chosen.encode(image.input.scale, image.input.zero_point)
    count = len(inputs)
    with board.open_serial() as port:
        with phases.time("boot and identify"):
            dut = start_image(board, image, port)
            loader = make_loader(dut, board, image, case.load)
        asked_s = pure_s = load_s = 0.0
        correct = 0
        for part in np.array_split(np.arange(count), _PURE_WINDOWS):
            start = time.perf_counter()
            found = measure_accuracy(
                loader, [chosen.names[row] for row in part], inputs[part], chosen.y[part]
            )
            asked_s += time.perf_counter() - start
            correct += found.correct
            start = time.perf_counter()
            dut.infer(_PURE_ITERATIONS, 0, 600.0)
            pure_s += time.perf_counter() - start
            start = time.perf_counter()
            loader.load(inputs[part[0]].tobytes())
            load_s += time.perf_counter() - start
    each_pure_s = pure_s / (_PURE_WINDOWS * _PURE_ITERATIONS)
    each_load_s = load_s / _PURE_WINDOWS
    thousand_s = asked_s / count * 1000
    times = asked_s / (each_pure_s * count)
    limit = f"a thousand take {thousand_s:.2f} s: {mark(thousand_s, case.most_s)} s"
    ratio = f"{times:.2f} times pure inference"
    if case.most_times is not None:
        ratio += f": {mark(times, case.most_times)}"
    phases.rows += [
        ("samples", asked_s, f"{limit}; {ratio}"),
        ("  of it inference", each_pure_s * count, f"{each_pure_s * 1e3:.2f} ms each"),
        ("  of it loading", each_load_s * count, f"{each_load_s * 1e3:.2f} ms each, its answer included"),
        ("  of it the rest", asked_s - (each_pure_s + each_load_s) * count, "answers"),
    ]


def rows(console: Console, arguments: argparse.Namespace) -> None:
    """Time the command from a `.tflite` file to a stored row, with empty caches and again.

    Raises:
        InputError: The command failed.
    """
    phases = Phases()
    command = [sys.executable, "-m", "harness", "bench", str(arguments.models / _KWS), "--quick"]
    with tempfile.TemporaryDirectory(prefix="harness-throughput-") as folder:
        for state, bar in (("cold", _ROW_COLD_S), ("warm", _ROW_WARM_S)):
            environment = {**os.environ, "HARNESS_CACHE_DIR": f"{folder}/cache"}
            # The image of a row that is in the store already is not built again: a store for each.
            full = [*command, "--board", arguments.board, "--results-dir", f"{folder}/{state}"]
            start = time.perf_counter()
            done = subprocess.run(full, env=environment, capture_output=True, text=True, check=False)
            seconds = time.perf_counter() - start
            if done.returncode:
                raise InputError(done.stderr.strip().removeprefix("Error: "))
            phases.rows.append((f"row, {state} cache", seconds, f"{mark(seconds, bar)} s"))
    console.print(phases.table(f"row: {_KWS} to a stored row on {arguments.board}, --quick"))
    console.print()


def main() -> int:
    """Entry point; gives the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("case", nargs="*", help=f"{', '.join(CASES)} [default: all]")
    parser.add_argument("--models", type=Path, required=True, help="folder of the reference models")
    parser.add_argument("--data", type=Path, help="folder with kws/kws01 and vww/")
    parser.add_argument(
        "--board", default="virtual:nrf52840-dk", help="unit of the bench file, or virtual:<kind>"
    )
    parser.add_argument("--samples", type=int, default=1000, help="samples asked [default: 1000]")
    arguments = parser.parse_args()
    console = Console()
    try:
        for name in arguments.case or CASES:
            if name not in CASES:
                raise InputError(f"unknown case {name!r}; choose from {', '.join(CASES)}")
            if name == "row":
                rows(console, arguments)
            elif arguments.data is None or arguments.samples < _PURE_WINDOWS:
                raise InputError(f"case {name} needs --data, and --samples of at least {_PURE_WINDOWS}")
            else:
                ask(console, name, _ASKED[name], arguments)
    except HarnessError as error:
        sys.stderr.write(f"Error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
