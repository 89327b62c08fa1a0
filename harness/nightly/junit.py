"""A night as JUnit XML, which CI systems show: a suite a job, a case a board and mode."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

from harness.store import Measurement, Night, NightResult
from harness.units import format_kib, format_percent, format_us

# What XML 1.0 cannot hold, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(night: Night, rows: Sequence[Measurement | None]) -> str:
    """The document: a regression is a failure, what could not be measured an error.

    Args:
        night: The night.
        rows: The row of each of its results.
    """
    root = ElementTree.Element("testsuites", name=f"harness nightly {night.id}")
    pairs = list(zip(night.results, rows, strict=True))
    for job in dict.fromkeys(result.job for result in night.results):
        own = [(result, row) for result, row in pairs if result.job == job]
        states = [result.state for result, _ in own]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=_clean(job),
            timestamp=night.started_utc[:19],
            tests=str(len(own)),
            failures=str(states.count("regression")),
            errors=str(states.count("failed") + states.count("invalid")),
            skipped=str(states.count("skipped")),
            time=f"{sum(result.duration_s for result, _ in own):.3f}",
        )
        for result, row in own:
            _add_case(suite, result, row)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add_case(suite: ElementTree.Element, result: NightResult, row: Measurement | None) -> None:
    mode = f" ({result.mode})" if result.mode not in ("", "all") else ""
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=_clean(result.job),
        name=_clean(result.board + mode),
        time=f"{result.duration_s:.3f}",
    )
    message = _clean(result.sentence)
    if result.state == "regression":
        ElementTree.SubElement(case, "failure", type="regression", message=message).text = message
    elif result.state == "skipped":
        ElementTree.SubElement(case, "skipped", message=message)
    elif result.state in ("failed", "invalid"):
        kind = result.sentence.split(":", 1)[0]
        error = ElementTree.SubElement(case, "error", type=_clean(kind), message=message)
        error.text = f"after {result.attempts} tries" if result.attempts > 1 else "at the first try"
    if row is not None and row.status == "ok":
        ElementTree.SubElement(case, "system-out").text = _clean(_figures(row))


def _figures(row: Measurement) -> str:
    parts = []
    if row.latency_us is not None:
        parts.append(f"latency {format_us(row.latency_us)}{' (estimate)' if row.virtual else ''}")
    if row.accuracy is not None:
        parts.append(f"accuracy {format_percent(row.accuracy)} of {row.samples} samples")
    if row.flash_bytes is not None:
        parts.append(f"flash {format_kib(row.flash_bytes)}")
    if row.ram_bytes is not None:
        parts.append(f"RAM {format_kib(row.ram_bytes)}")
    return ", ".join(parts)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
