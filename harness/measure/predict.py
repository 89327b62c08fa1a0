"""How long a run will take on a real board, from what is known before it starts."""

from dataclasses import dataclass

from harness.config.kinds import BoardKind
from harness.firmware import Image
from harness.measure.performance import PerformanceRules

_BITS_A_BYTE = 10  # 8N1
_SWD_HZ = 1_000_000  # what pyOCD asks of a probe unless told otherwise
_SWD_CLOCKS_A_WORD = 50  # request, acknowledge, 32 bits with parity, turn-arounds
# Erasing and programming of on-chip flash through a probe, verifying included.
_FLASH_BYTES_S = 20_000
# Cycles of a multiply-accumulate on these kernels; half or double is possible.
_CYCLES_A_MAC = {"cortex-m0": 7.0, "cortex-m4": 1.7}
_TURN_S = 0.004  # of a USB serial adapter, from a command to its answer
_CHECKED_CHARACTERS = 70  # `x-sample run` and its answer, less the outputs
_STRICT_CHARACTERS = 150  # `infer 1 0` and its answer, less the results
_CHUNK_CHARACTERS = 13  # "db ", "%" and "m-ready" of a chunk


@dataclass(frozen=True)
class PhaseTime:
    """A phase with the seconds it should take, and what they are made of."""

    phase: str
    seconds: float
    because: str


def predict(
    image: Image,
    kind: BoardKind,
    baud: int,
    load: str,
    samples: int,
    rules: PerformanceRules | None,
    *,
    latency_us: float | None = None,
) -> tuple[PhaseTime, ...]:
    """Seconds of each phase.

    Args:
        image: What will run.
        kind: On which board.
        baud: Speed of its serial line, bits a second.
        load: How samples get there, one of `LOADS`.
        samples: How many are asked for accuracy.
        rules: How latency is measured; None where it is not.
        latency_us: Of one inference, if it is known; else it is estimated from the work.
    """
    known = latency_us is not None
    if latency_us is None:
        latency_us = image.macs * _CYCLES_A_MAC[kind.core] * 1e6 / kind.clock_hz
    each_s = latency_us / 1e6
    said = f"{each_s * 1e3:.1f} ms an inference" + ("" if known else ", estimated")
    flash = image.size.flash_bytes
    found = [PhaseTime("flash", flash / _FLASH_BYTES_S, f"{flash:,} bytes")]
    load_s, path = load_seconds(image.input.size_bytes, baud, load)
    if rules is not None:
        window_s = max(rules.window_s, rules.iterations * each_s) + rules.warmup * each_s
        found.append(
            PhaseTime("latency", rules.windows * (window_s + load_s), f"{rules.windows} windows, {said}")
        )
    if samples:
        strict = load == "serial-strict"
        answer = _STRICT_CHARACTERS + 6 * image.output.size_bytes if strict else 0
        answer = answer or _CHECKED_CHARACTERS + 2 * image.output.size_bytes
        answer_s = answer * _BITS_A_BYTE / baud + _TURN_S
        found += [
            PhaseTime("samples: load", samples * load_s, f"{samples:,} of {path}"),
            PhaseTime("samples: infer", samples * each_s, said),
            PhaseTime("samples: answers", samples * answer_s, f"{answer} characters each at {baud:,} baud"),
        ]
    return tuple(found)


def load_seconds(size_bytes: int, baud: int, load: str) -> tuple[float, str]:
    """Seconds that a sample takes to the device, and what they are made of."""
    if load == "swd":
        seconds = -(-size_bytes // 4) * _SWD_CLOCKS_A_WORD / _SWD_HZ + _TURN_S
        return seconds, f"{size_bytes:,} bytes by SWD at {_SWD_HZ / 1e6:g} MHz"
    chunk = 31 if load == "serial-strict" else 1024
    chunks = -(-size_bytes // chunk)
    characters = 2 * size_bytes + chunks * _CHUNK_CHARACTERS
    seconds = characters * _BITS_A_BYTE / baud + (chunks + 1) * _TURN_S
    return seconds, f"{size_bytes:,} bytes in {chunks:,} commands at {baud:,} baud"
