"""A device on a pseudo-terminal that answers as a recorded EnergyRunner session did, with others' habits."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.dut.scripted import ScriptedDut

_FILE = re.compile(r'[\d.]+ parser: Command "bload dut "?(?:.*/)?([^/"]+)"?"')
_COMMAND = re.compile(r'[\d.]+ parser: Command "dut (.*)"')
_HEARD = re.compile(r"[\d.]+ dut: (.*)")


@dataclass(frozen=True)
class Recorded:
    """One inference command of a session: the file loaded before it, the command, the whole answer."""

    file: str
    command: str
    answer: tuple[str, ...]


def inferences(log: Path) -> list[Recorded]:
    """Those of a session log that have a whole answer, in order."""
    found: list[Recorded] = []
    file, command, answer = "", "", []
    for line in log.read_text().splitlines():
        if loaded := _FILE.fullmatch(line):
            file = loaded[1]
        elif sent := _COMMAND.fullmatch(line):
            command, answer = sent[1], []
        elif heard := _HEARD.fullmatch(line):
            answer.append(heard[1])
            if heard[1] == "m-ready" and command.startswith("infer"):
                found.append(Recorded(file, command, tuple(answer)))
    return found


class ReplayDut(ScriptedDut):
    """Answers an inference with what was recorded for the file whose bytes it has been given.

    Args:
        recorded: The session.
        inputs: Folder of the session's input files.
        end: What lines end with.
        quirk: `chatter`, `comma`, `nul` or none.
    """

    def __init__(
        self, recorded: Iterable[Recorded], inputs: Path, end: str = "\r\n", quirk: str = ""
    ) -> None:
        self._by_bytes = {
            ((inputs / one.file).read_bytes(), one.command): list(one.answer[:-1]) for one in recorded
        }
        self._end, self._quirk = end, quirk
        super().__init__()

    def _answer(self, command: str) -> None:
        self.commands.append(command)
        # Commands that the reference firmware does not have get its usual error.
        lines = [f"e-[Unknown command: {command}]"] if command.startswith("x-") else self._default(command)
        if command.startswith("infer"):
            lines = self._by_bytes[self.buffer, command]
        if self._quirk == "chatter":
            lines = ["4 bytes lost due to alignment. To avoid this loss", *lines, "", "Done."]
        if self._quirk == "comma":
            lines = [line.replace("]", ",]") if line.startswith("m-results") else line for line in lines]
        if self._quirk == "nul":
            lines = [f"\x00{line}\x00" for line in lines]
        self.say([*lines, "m-ready"], self._end)
