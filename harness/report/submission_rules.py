"""What MLPerf Tiny's rules ask of a stored row before it may be submitted. Each refusal says what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.errors import InputError
from harness.firmware import Image
from harness.measure import Accuracy
from harness.store import Measurement

Division = Literal["open", "closed"]

_WINDOWS = 5
_WINDOW_S = 10.0
_ITERATIONS = 10
_ROUNDING_S = 1e-6  # windows are stored as microseconds of one inference


@dataclass(frozen=True)
class Benchmark:
    """One of MLPerf Tiny's benchmarks.

    Attributes:
        name: Its folder in a submission.
        model_id: What EnergyRunner calls it.
        metric: `accuracy` (top-1) or `auc`.
        target: Least metric of the closed division, in [0, 1].
        counts: Allowed numbers of files in the official accuracy set.
        classes: Number of classes.
        model_sha256: Of the int8 reference model of the benchmark.
    """

    name: str
    model_id: str
    metric: Literal["accuracy", "auc"]
    target: float
    counts: tuple[int, ...]
    classes: int
    model_sha256: str


BENCHMARKS = {
    found.name: found
    for found in (
        Benchmark("kws", "kws01", "accuracy", 0.90, (1000,), 12,
                  "aeea436800704fce17b17292e4412630ad856e9d777c044c64ef748a880bd0ae"),
        Benchmark("vww", "vww01", "accuracy", 0.80, (1000,), 2,
                  "597a384c8c2c8a1276f04702f25013b7838f2f814f1ca7c174d295b73e3d6b7b"),
        Benchmark("ic", "ic01", "accuracy", 0.85, (200,), 10,
                  "3c002613d1b2475eb51dd78dfb85a546c8ae658dee71cf6ade43b022fe205415"),
        # 140 normal files and 108 anomalous ones; a list of 72 anomalous ones is allowed too.
        Benchmark("ad", "ad01", "auc", 0.85, (248, 212), 2,
                  "87cf24194ef93d1d9b11a591d805526b98008e351655d29883c825c9c106ba24"),
    )
}  # fmt: skip
"""Benchmark by name."""


def choose_row(rows: Sequence[Measurement], what: str, command: str) -> Measurement:
    """The newest row that has both latency by the rules and answers to samples.

    Args:
        rows: All rows of one model on one board, oldest first.
        what: Model and board, for messages.
        command: The command that measures what is missing.

    Raises:
        InputError: There is none.
    """
    sound = [row for row in rows if row.status == "ok" and row.fits and not row.padding_bytes]
    both = [row for row in sound if row.latency_us is not None and row.outputs_sha256 is not None]
    by_rules = [row for row in both if row.rules == "mlperf-tiny"]
    if by_rules:
        return by_rules[-1]
    if both:
        why = "was measured with --quick only"
    elif sound:
        why = "has no row with both latency and accuracy, which the same image has to give"
    else:
        why = "has not been measured"
    raise InputError(f"{what} {why}; run `{command}`")


def choose_energy_row(rows: Sequence[Measurement]) -> Measurement | None:
    """The newest row with energy by the rules; None where energy was not measured, which is no duty.

    Args:
        rows: All rows of one model on one board, oldest first.
    """
    sound = [
        row for row in rows if row.status == "ok" and row.mode == "energy" and row.rules == "mlperf-tiny"
    ]
    return sound[-1] if sound else None


def check_hardware(row: Measurement, rehearsal: bool) -> None:
    """Results of an emulated board are estimates of a system that was not there.

    Raises:
        InputError: The board is emulated, or known by its port only, and this is no rehearsal.
    """
    if row.virtual and not rehearsal:
        raise InputError(
            f"{row.board} is emulated and its latency an estimate, which is no result of hardware; "
            "measure on a real board, or add --rehearsal for a folder that says so in every file"
        )


def check_windows(row: Measurement) -> None:
    """Five windows, each long enough.

    Raises:
        InputError: There are fewer or more, or one is too short.
    """
    again = "measure it again without --quick, --windows and --iterations"
    if len(row.windows_us) != _WINDOWS:
        raise InputError(f"row {row.id} has {len(row.windows_us)} windows and {_WINDOWS} are due; {again}")
    iterations = row.iterations or 0
    if iterations < _ITERATIONS:
        raise InputError(
            f"row {row.id} has {iterations} inferences a window and {_ITERATIONS} are due at least; {again}"
        )
    shortest_s = min(row.windows_us) * iterations / 1e6
    if shortest_s < _WINDOW_S - _ROUNDING_S:
        raise InputError(
            f"row {row.id} has a window of {shortest_s:.3f} s and {_WINDOW_S:g} s are due at least; {again}"
        )


def check_samples(row: Measurement, benchmark: Benchmark, answers: Accuracy) -> None:
    """The whole official accuracy set, each file once.

    Raises:
        InputError: Other samples were asked, or not all of them.
    """
    official = f"ask {benchmark.model_id}'s official set: --task or --samples FOLDER without a number"
    if row.split == "test":
        raise InputError(f"row {row.id} has its accuracy from the task's own test split; {official}")
    files = {name.partition("#")[0] for name in answers.names}
    due = " or ".join(f"{count:,}" for count in benchmark.counts)
    if len(files) not in benchmark.counts:
        raise InputError(f"row {row.id} has answers to {len(files):,} files and {due} are due; {official}")
    if len(set(answers.names)) != len(answers.names):
        raise InputError(f"row {row.id} has answers to the same sample twice; {official}")
    if int(answers.labels.max()) >= benchmark.classes:
        raise InputError(
            f"row {row.id} has samples of class {int(answers.labels.max())} and {benchmark.model_id} has "
            f"{benchmark.classes} classes; choose the benchmark that the model was made for"
        )


def check_division(
    row: Measurement,
    history: Sequence[Measurement],
    benchmark: Benchmark,
    division: Division,
    given_weights: bool,
) -> None:
    """What the closed division forbids: other weights, pruning, and a metric below the target.

    Args:
        row: The row to submit.
        history: All rows of the same model file, on any board and in any study.
        benchmark: Its benchmark.
        division: The division asked for.
        given_weights: Whether the user states that the weights are those given.

    Raises:
        InputError: The row cannot be in this division.
    """
    if division == "open":
        return
    use_open = "submit it to the open division"
    pruned = next((old for old in history if old.cut or old.head), None)
    if pruned is not None:
        raise InputError(
            f"{row.model_name} is pruned (row {pruned.id}: cut at {pruned.cut}, head {pruned.head}), "
            f"which the closed division forbids; {use_open}"
        )
    if row.model_sha256 != benchmark.model_sha256 and not given_weights:
        raise InputError(
            f"{row.model_name} is not {benchmark.model_id}'s reference model; {use_open}, or state with "
            "--given-weights that it has all of the reference model's weights, quantised after training"
        )
    reached = getattr(row, benchmark.metric)
    if reached is None or reached < benchmark.target:
        found = "not known" if reached is None else f"{reached:.4f}"
        raise InputError(
            f"row {row.id} has an {benchmark.metric} that is {found} and the closed division asks for "
            f"{benchmark.target:g}; {use_open}"
        )


def check_whole(image: Image, division: Division) -> None:
    """Channels that carry nothing are left out of an image, and their weights need not be zero.

    Raises:
        InputError: The image leaves some out and the division is closed.
    """
    left_out = image.nominal_macs - image.macs
    if division == "closed" and left_out:
        raise InputError(
            f"the image leaves out {left_out:,} of the model's {image.nominal_macs:,} MACs, channels that carry "
            "nothing but may have weights, which the closed division forbids; measure it again with --whole, or submit "
            "it to the open division"
        )
