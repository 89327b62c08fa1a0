"""Lines of the EnergyRunner protocol -> events. Pure functions, total: no input makes them raise."""

import math
import re
import zlib
from collections.abc import Callable

from harness.dut import events as ev

_READY = ev.Ready()
_FIXED: dict[str, ev.Event] = {
    "m-ready": _READY,
    "m-init-done": ev.InitDone(),
    "m-warmup-done": ev.WarmupDone(),
    "m-infer-done": ev.InferDone(),
    "m-load-done": ev.LoadDone(),
}
_BOOT = re.compile(r"m-timestamp-mode-(performance|energy)$")
_DROPPED = b"\r\x00"


def split_lines(received: bytes) -> tuple[list[str], bytes]:
    """Cut received bytes into lines.

    Lines end with LF (some firmwares send CR LF, some messages LF only); CR and NUL are dropped
    wherever they stand. Bytes beyond ASCII are line noise and become `\\xNN`.

    Returns:
        The complete lines, and the bytes after the last LF.
    """
    *complete, rest = received.split(b"\n")
    return [_text(line) for line in complete], rest


def _text(line: bytes) -> str:
    return line.translate(None, _DROPPED).decode("ascii", "backslashreplace").strip()


def parse_line(line: str) -> ev.Event:
    """The event a line (without its line end) stands for."""
    fixed = _FIXED.get(line)
    if fixed is not None:
        return fixed
    # A reset can cut the line under way, so the first line of a boot may follow half of another.
    if boot := _BOOT.search(line):
        return ev.BootMode(boot[1])
    for prefix, pattern, build in _SHAPES:
        if not line.startswith(prefix):
            continue
        match = pattern.fullmatch(line)
        if match is None:
            break
        try:
            return build(*match.groups())
        except ValueError:
            break
    else:
        # Firmware may print without a line end just before its handshake.
        return _READY if line.endswith("m-ready") else ev.Chatter(line)
    return ev.Malformed(line)


def _results(text: str) -> ev.Results:
    parts = text.split(",")
    if parts[-1].strip() == "":  # the VWW reference firmware ends its list with a comma
        parts.pop()
    values = tuple(float(part) for part in parts)
    if not values or not all(math.isfinite(value) for value in values):
        raise ValueError(text)
    return ev.Results(values)


def _buffer(text: str) -> ev.Buffer:
    return ev.Buffer(bytes.fromhex(text.replace("-", "")))


def _info(text: str) -> ev.ImageInfo:
    fields = dict(part.split("=", 1) for part in text.split(","))
    try:
        return ev.ImageInfo(
            fields["kind"], fields["model"], fields["mode"], int(fields["protocol"]), fields["build"]
        )
    except KeyError as error:
        raise ValueError(text) from error


def _output(text: str, crc32: str | None) -> ev.Output:
    data = bytes.fromhex(text)
    if crc32 is not None and zlib.crc32(data) != int(crc32, 16):
        raise ValueError(text)
    return ev.Output(data)


# A line's prefix, its whole shape, and the event made of the shape's groups. `\d{1,20}` bounds the
# work that noise can cause; it is more than 64 bits need.
_NUMBER = r"(\d{1,20})"
_SHAPES: list[tuple[str, re.Pattern[str], Callable[..., ev.Event]]] = [
    (prefix, re.compile(re.escape(prefix) + shape, re.ASCII), build)
    for prefix, shape, build in (
        ("m-lap-us-", _NUMBER, lambda us: ev.Lap(int(us))),
        ("m-results-", r"\[(.*)\]", _results),
        ("m-warmup-start-", _NUMBER, lambda n: ev.WarmupStart(int(n))),
        ("m-infer-start-", _NUMBER, lambda n: ev.InferStart(int(n))),
        ("m-[Expecting ", _NUMBER + r" bytes\]", lambda n: ev.Expecting(int(n))),
        ("m-x-output-", r"\[([0-9a-fA-F]*)(?:,([0-9a-fA-F]{8}))?\]", _output),
        ("m-x-sample-", r"\[([0-9a-fA-F]{8})\]", lambda crc: ev.SampleCheck(int(crc, 16))),
        ("m-x-cycles-", rf"\[{_NUMBER},{_NUMBER}\]", lambda c, hz: ev.Cycles(int(c), int(hz))),
        ("m-x-memory-", rf"\[{_NUMBER},{_NUMBER}\]", lambda u, r: ev.StackUse(int(u), int(r))),
        (
            "m-x-layer-",
            rf"\[{_NUMBER},(.*),{_NUMBER}\]",
            lambda index, name, cycles: ev.Layer(int(index), name, int(cycles)),
        ),
        ("m-x-info-", r"\[(.*)\]", _info),
        ("m-name-dut-", r"\[([^\]]+)\]", ev.Name),
        ("m-profile-", r"\[(.*)\]", ev.Profile),
        ("m-model-", r"\[(.*)\]", ev.Model),
        ("m-buffer-", r"([0-9a-fA-F]{2}(?:-[0-9a-fA-F]{2})*)-?", _buffer),
        ("e-[", r"(.*?)\]?", ev.DeviceError),
    )
]
