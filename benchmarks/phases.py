"""Where the time of one measurement goes: wall seconds of each phase, for one model on one board.

    python benchmarks/phases.py --model M.tflite --board virtual:nrf51-dk --task kws --data-dir D --samples 50

Nothing is stored. The cold build has an empty compiler cache, the warm one follows it.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from harness.bench import LeasedBoard, open_board, resolve
from harness.config.kinds import load_kind
from harness.dut import Dut
from harness.errors import HarnessError, InputError
from harness.firmware import Image, build_image
from harness.firmware.wire import to_wire
from harness.measure import PerformanceRules, measure_performance, start_image
from harness.search.samples import choose_samples
from harness.tasks import load_task


@dataclass
class Phases:
    """Wall seconds of each phase, in the order they ran.

    Attributes:
        seconds: Phase -> seconds.
        notes: Phase -> what else is to be said of it.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def time(self, phase: str) -> Iterator[None]:
        """Time the block as `phase`; further blocks of the same name add up."""
        start = time.perf_counter()
        yield
        self.seconds[phase] = self.seconds.get(phase, 0.0) + time.perf_counter() - start

    def table(self) -> Table:
        """One row a phase: seconds, share of all, note."""
        total = sum(self.seconds.values())
        table = Table("phase", "seconds", "share", "", box=None, pad_edge=False)
        for column in table.columns[1:3]:
            column.justify = "right"
        for phase, seconds in self.seconds.items():
            table.add_row(phase, f"{seconds:.3f}", f"{seconds / total:.1%}", self.notes.get(phase, ""))
        table.add_row("all", f"{total:.3f}", "100.0%", "", style="bold")
        return table


def _build(phases: Phases, model: Path, kind_name: str, folder: Path, model_id: str, toolchain: str) -> Image:
    """Build with an empty compiler cache, then again with the one that left."""
    kind = load_kind(kind_name)
    with mock.patch.dict(os.environ, {"HARNESS_CACHE_DIR": str(folder / "cache")}):
        for phase in ("build, cold", "build, warm"):
            with phases.time(phase):
                image = build_image(model, kind, folder / phase[-4:], toolchain=toolchain, model_id=model_id)
            phases.notes[phase] = image.compiler
    return image


def _ask(phases: Phases, dut: Dut, image: Image, samples: npt.NDArray[np.int8]) -> None:
    """What an accuracy run does with each sample, its three steps timed apart."""
    for sample in samples:
        with phases.time("samples: load"):
            dut.load(to_wire(sample.tobytes(), image.model_id, image.input))
        with phases.time("samples: infer"):
            dut.infer(1, 0)
        with phases.time("samples: read output"):
            dut.output()
    for phase in ("samples: load", "samples: infer", "samples: read output"):
        each_ms = phases.seconds[phase] / len(samples) * 1e3
        phases.notes[phase] = f"{len(samples)} samples, {each_ms:.2f} ms each"


def _measure(
    phases: Phases, board: LeasedBoard, image: Image, inputs: npt.NDArray[np.int8], rules: PerformanceRules
) -> None:
    with phases.time("flash"):
        report = board.flash(image)
    phases.notes["flash"] = (
        f"{report.programmed_bytes:,} bytes: connect {report.connect_s:.2f}, erase {report.erase_s:.2f}, "
        f"program {report.program_s:.2f}, verify {report.verify_s:.2f} s"
    )
    with phases.time("open serial port"):
        port = board.open_serial()
    with port:
        with phases.time("boot and identify"):
            dut = start_image(board, image, port)
        with phases.time("latency"):
            timed = measure_performance(dut, [row.tobytes() for row in inputs[: rules.windows]], rules)
        phases.notes["latency"] = (
            f"{timed.cycles:,} cycles an inference; "
            f"{rules.windows} windows of {rules.warmup} + {rules.iterations} inferences"
        )
        _ask(phases, dut, image, inputs)


def run(arguments: argparse.Namespace) -> Phases:
    """Time all phases.

    Raises:
        HarnessError: As the harness's own functions raise it.
    """
    if arguments.samples < 1:
        raise InputError(f"--samples must be at least 1, not {arguments.samples}")
    unit = resolve(arguments.board)
    phases = Phases()
    task = None
    if arguments.task:
        with phases.time("read samples"):
            task = load_task(arguments.task, arguments.data_dir)
            chosen = choose_samples(task.test, arguments.samples, seed=0)
    with tempfile.TemporaryDirectory(prefix="harness-phases-") as folder:
        model_id = task.model_id if task else "custom"
        image = _build(phases, arguments.model, unit.kind, Path(folder), model_id, arguments.toolchain)
        if task:
            inputs = chosen.encode(image.input.scale, image.input.zero_point)
            if inputs[0].size != image.input.size_bytes:
                raise InputError(
                    f"{arguments.model} takes {image.input.size_bytes} bytes and a sample of {task.name} has "
                    f"{inputs[0].size}: choose the task that the model was made for"
                )
        else:
            shape = (arguments.samples, image.input.size_bytes)
            inputs = np.random.default_rng(0).integers(-128, 128, shape, np.int8)
        with ExitStack() as leased:
            with phases.time("open board"):
                board = leased.enter_context(open_board(unit))
            _measure(phases, board, image, inputs, PerformanceRules())
    return phases


def main() -> int:
    """Entry point; gives the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="int8 .tflite file")
    parser.add_argument("--board", required=True, help="unit of the bench file, or virtual:<kind>")
    parser.add_argument("--samples", type=int, default=20, help="samples asked [default: 20]")
    parser.add_argument("--task", help="task whose test samples are asked; random bytes without it")
    parser.add_argument("--data-dir", type=Path, help="the task's data")
    parser.add_argument("--toolchain", choices=["zig", "gcc"], default="zig")
    arguments = parser.parse_args()
    try:
        phases = run(arguments)
    except HarnessError as error:
        sys.stderr.write(f"Error: {error}\n")
        return error.exit_code
    console = Console()
    console.print(f"{arguments.model} on {arguments.board}", highlight=False, markup=False)
    console.print(phases.table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
