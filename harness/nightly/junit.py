"""A night as JUnit XML, which CI systems show: a suite a job, a case a board."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from harness.errors import InputError
from harness.nightly.run import NightlyResult, Outcome
from harness.store import Measurement
from harness.units import format_kib, format_percent, format_us

# What XML 1.0 cannot hold, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(result: NightlyResult) -> str:
    """The document: a regression is a failure, what could not be measured is an error."""
    root = ElementTree.Element("testsuites", name="harness nightly")
    for job in dict.fromkeys(outcome.job for outcome in result.outcomes):
        outcomes = [outcome for outcome in result.outcomes if outcome.job == job]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=_clean(job),
            tests=str(len(outcomes)),
            failures=str(sum(bool(outcome.regressions) for outcome in outcomes)),
            errors=str(sum(_is_error(outcome) for outcome in outcomes)),
            time=f"{sum(outcome.duration_s for outcome in outcomes):.3f}",
        )
        for outcome in outcomes:
            _add_case(suite, outcome)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def write_junit(result: NightlyResult, path: Path) -> Path:
    """Write the document to a file.

    Raises:
        InputError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(junit_xml(result), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; choose another file") from error
    return path


def _is_error(outcome: Outcome) -> bool:
    return outcome.failure is not None and not outcome.regressions


def _add_case(suite: ElementTree.Element, outcome: Outcome) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=_clean(outcome.job),
        name=_clean(outcome.board),
        time=f"{outcome.duration_s:.3f}",
    )
    if outcome.regressions:
        sentences = [regression.sentence for regression in outcome.regressions]
        failure = ElementTree.SubElement(
            case, "failure", type="regression", message=_clean("; ".join(sentences))
        )
        failure.text = _clean("\n".join(sentences))
    elif outcome.failure is not None:
        kind = outcome.failure.split(":", 1)[0]
        error = ElementTree.SubElement(case, "error", type=_clean(kind), message=_clean(outcome.failure))
        error.text = f"after {outcome.attempts} tries" if outcome.attempts > 1 else "at the first try"
    if outcome.measurement is not None and outcome.measurement.status == "ok":
        ElementTree.SubElement(case, "system-out").text = _clean(_figures(outcome.measurement))


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
