"""Examination of one board, step by step: from its probe to its flash. `harness.dut.doctor` goes on with its line."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.bench.board import LeasedBoard
from harness.bench.chip import check_chip
from harness.bench.programmer import program, verify
from harness.bench.usb import RULES_FILE, seen_probes, usb_permission
from harness.errors import BoardError, HarnessError

Verdict = Literal["good", "bad", "not tried"]


@dataclass(frozen=True)
class Check:
    """One step of an examination.

    Attributes:
        step: What was looked at.
        verdict: `not tried` where a step before it that it needs was bad.
        found: What was found.
        remedy: What to do; empty where nothing is to be done.
    """

    step: str
    verdict: Verdict
    found: str
    remedy: str = ""


class BadCheckError(Exception):
    """A step is bad: what was found, and what to do."""

    def __init__(self, found: str, remedy: str) -> None:
        self.found, self.remedy = found, remedy
        super().__init__(found)


Step = tuple[str, Callable[[], str]]
"""Name of a step, and what does it: gives what was found, or raises `BadCheckError` or a `HarnessError`."""


def run_steps(board: LeasedBoard, steps: list[Step]) -> Iterator[Check]:
    """The verdict of each step; after a bad one, the others are not tried."""
    bad = False
    for name, act in steps:
        if bad:
            yield Check(name, "not tried", "")
            continue
        try:
            yield Check(name, "good", act())
        except BadCheckError as error:
            bad = True
            yield Check(name, "bad", error.found, error.remedy)
        except HarnessError as error:
            bad = True
            found, _, remedy = str(error).removeprefix(f"{board.name}: ").rpartition("; ")
            yield Check(name, "bad", found or remedy, remedy if found else "")


def probe_steps(board: LeasedBoard, image: Path | None) -> list[Step]:
    """Probe, permissions, target, chip and flash.

    Args:
        board: The board.
        image: Program to flash; None to try the flash's last page and put back what it held.
    """
    return [
        ("probe seen", lambda: _probe_seen(board)),
        ("permissions", lambda: _permissions(board)),
        ("target reachable", lambda: _reachable(board)),
        ("right chip", lambda: check_chip(board.session(), board.name, board.kind)),
        ("flash programs and verifies", lambda: _flash(board, image)),
    ]


def _probe_seen(board: LeasedBoard) -> str:
    seen = {probe.unique_id: probe for probe in seen_probes()}
    if board.probe_uid in seen:
        return seen[board.probe_uid].description
    others = f"; these are: {', '.join(seen)}" if seen else ""
    raise BadCheckError(
        f"no probe with the id {board.probe_uid!r} is connected{others}",
        "plug it in, or correct `probe` in the bench file (`harness boards detect` shows what is there)",
    )


def _permissions(board: LeasedBoard) -> str:
    refused = usb_permission(board.probe_uid)
    if refused:
        raise BadCheckError(
            f"no permission to use {refused}",
            f"install the udev rule {RULES_FILE} (`harness boards udev` prints it and how), then plug the probe in anew",
        )
    return "this user may use the probe"


def _reachable(board: LeasedBoard) -> str:
    try:
        core = board.session().target.selected_core
    except BoardError as error:
        raise BadCheckError(
            str(error).removeprefix(f"{board.name}: "),
            "check the SWD wires and the board's supply; close other programs that use the probe",
        ) from error
    return f"{core.name} answers"


def _flash(board: LeasedBoard, image: Path | None) -> str:
    if image is not None:
        report = board.flash(image)
        return f"{report.image_bytes} bytes in {report.total_s:.2f} s"
    flash, session = board.kind.flash, board.session()
    region = session.target.memory_map.get_region_for_address(flash.origin)
    page_bytes = region.blocksize
    address = flash.origin + flash.size_bytes - page_bytes
    before = bytes(session.target.read_memory_block8(address, page_bytes))
    for content in (secrets.token_bytes(page_bytes), before):
        program(session, board.name, [(address, content)])
        verify(session, board.name, [(address, content)])
    board.reset()
    return f"the last page (0x{address:08X}) takes what is written; it holds again what it held"
