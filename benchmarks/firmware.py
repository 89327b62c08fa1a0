"""The four MLPerf Tiny models on virtual Cortex-M boards: cycles, flash and RAM beside the bars they are held to.

    python benchmarks/firmware.py --models DIR [--toolchain both] [--layers] [--json FILE] [MODEL.tflite ...]

Every image is built, flashed, run and measured through the harness, at zero flash wait states. Nothing is stored.
A mark follows each figure that has a bar: ++ the goal is met, + the must is met, - it is not.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from firmware_table import MODELS, Result, table_of
from rich.console import Console
from rich.markup import escape

from harness.bench import open_board
from harness.cli.layers import layer_table
from harness.config.kinds import load_kind
from harness.errors import DoesNotFitError, HarnessError, InputError
from harness.firmware import Image, build_image
from harness.measure import (
    PerformanceRules,
    measure_layers,
    measure_performance,
    measure_stack,
    start_image,
)

CORES = {"nrf52840-dk": "M4", "virtual-m0": "M0", "nrf51-dk": "M0"}
# Cycles can depend on the input by a little: the median of this many, always the same.
_WINDOWS = 3


def measure(name: str, path: Path, board: str, toolchain: str, model_id: str, with_layers: bool) -> Result:
    """Build, flash and measure one model on one virtual board.

    Raises:
        HarnessError: As the harness's own functions raise it.
    """
    kind = load_kind(board)
    with tempfile.TemporaryDirectory(prefix="harness-firmware-") as folder:
        try:
            image = build_image(path, kind, Path(folder), toolchain=toolchain, model_id=model_id)
        except DoesNotFitError as error:
            return Result(name, board, CORES[board], toolchain, unfit=str(error))
        return _run(name, image, with_layers)


def _run(name: str, image: Image, with_layers: bool) -> Result:
    random = np.random.default_rng(0)
    samples = [random.integers(0, 256, image.input.size_bytes, np.uint8).tobytes() for _ in range(_WINDOWS)]
    rules = PerformanceRules(windows=_WINDOWS, iterations=1, warmup=0)
    with open_board(f"virtual:{image.kind}?wait_states=0") as board:
        board.flash(image)
        with board.open_serial() as port:
            dut = start_image(board, image, port)
            performance = measure_performance(dut, samples, rules)
            profile = measure_layers(dut, image, samples[0]) if with_layers else None
            used = measure_stack(dut)
    size = image.size
    return Result(
        name,
        image.kind,
        CORES[image.kind],
        image.compiler,
        cycles=performance.cycles,
        nominal_macs=image.nominal_macs,
        effective_macs=image.macs,
        flash_bytes=size.flash_bytes,
        ram_bytes=size.ram_bytes,
        static_bytes=size.static_bytes,
        arena_bytes=size.arena_bytes,
        stack_bytes=size.stack_bytes,
        stack_used_bytes=used,
        layers=profile,
    )


def chosen(arguments: argparse.Namespace) -> list[tuple[str, Path, str, tuple[str, ...]]]:
    """Name, file, model id and boards of what is to be measured; says which reference models are missing.

    Raises:
        InputError: A file that was named is not there, or there is nothing to measure.
    """
    by_file = {model.file: name for name, model in MODELS.items()}
    paths = list(arguments.model)
    for path in paths:
        if not path.is_file():
            raise InputError(f"no model file {path}; give the path of an int8 .tflite file")
    if not paths:
        for name, model in MODELS.items():
            path = arguments.models / model.file
            if path.is_file():
                paths.append(path)
            else:
                sys.stderr.write(f"{name} is skipped: there is no {path}\n")
    if not paths:
        raise InputError(
            f"no model in {arguments.models}; name the folder of the reference models with --models"
        )
    found = []
    for path in paths:
        model = MODELS.get(by_file.get(path.name, ""))
        boards = tuple(
            arguments.board or ("nrf52840-dk", "virtual-m0", *(model.more_boards if model else ()))
        )
        found.append((by_file.get(path.name, path.stem), path, model.model_id if model else "custom", boards))
    return found


def main() -> int:
    """Entry point; gives the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "model", type=Path, nargs="*", help="int8 .tflite files [default: the four of --models]"
    )
    parser.add_argument(
        "--models", type=Path, default=Path("models"), help="folder of the reference models [default: models]"
    )
    parser.add_argument(
        "--board", action="append", choices=list(CORES), help="only this kind of board; may be repeated"
    )
    parser.add_argument("--toolchain", choices=["zig", "gcc", "both"], default="zig")
    parser.add_argument(
        "--layers", action="store_true", help="a table of the layers for each model and board"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    arguments = parser.parse_args()
    toolchains = ("zig", "gcc") if arguments.toolchain == "both" else (arguments.toolchain,)
    console = Console()
    results: list[Result] = []
    try:
        for name, path, model_id, boards in chosen(arguments):
            for board in boards:
                for toolchain in toolchains:
                    result = measure(name, path, board, toolchain, model_id, arguments.layers)
                    results.append(result)
                    if result.layers:
                        console.print(f"\n{escape(name)} on {board}, {result.compiler}", style="bold")
                        console.print(layer_table(result.layers))
        console.print(table_of(results))
        if arguments.json:
            lines = json.dumps([result.to_json(MODELS.get(result.model)) for result in results], indent=2)
            try:
                arguments.json.write_text(lines + "\n")
            except OSError as error:
                raise InputError(f"cannot write {arguments.json}: {error.strerror}") from error
    except HarnessError as error:
        sys.stderr.write(f"Error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
