"""Fenced blocks of the documentation's Markdown."""

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
_FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w./-]+\.\w+)$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language and its text without the indentation of the fence."""

    language: str
    text: str

    @property
    def file(self) -> str | None:
        """Name of the file that the block's first line says it is."""
        found = _FILE.match(self.text.splitlines()[0])
        return found[1] if found else None

    @property
    def commands(self) -> list[tuple[str, list[str]]]:
        """Each command of a console block with the lines that are shown as its output."""
        found: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.strip():
                found[-1][1].append(line)
        return found


def blocks(page: Path) -> list[Block]:
    """All blocks of a page, in order."""
    found = []
    for indent, language, text in _FENCE.findall(page.read_text()):
        lines = [line.removeprefix(indent) for line in text.splitlines()]
        found.append(Block(language, "\n".join(lines) + "\n"))
    return found


def file_block(page: Path, name: str) -> str:
    """Text of the block that is the file `name`."""
    (text,) = [block.text for block in blocks(page) if block.file == name]
    return text
