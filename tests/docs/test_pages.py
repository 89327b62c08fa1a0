"""What the pages list is what the code has."""

import re
from pathlib import Path

import pytest

from harness import errors
from harness.config.faults import Faults
from harness.config.kinds import kind_names, load_kind
from harness.store.measurements import COLUMNS
from tests.docs.blocks import DOCS

PAGES = sorted(DOCS.rglob("*.md"))


def _rows(page: Path, heading: str) -> list[list[str]]:
    """Cells of the table rows below a heading."""
    section = page.read_text().split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_column_is_described_once_and_in_order() -> None:
    described = [row[0].strip("`") for row in _rows(DOCS / "results.md", "Columns")]
    assert described == list(COLUMNS)


def test_exit_codes_are_those_of_the_errors() -> None:
    written = {
        cells[1].strip("`"): int(cells[0])
        for cells in _rows(DOCS / "results.md", "Exit codes")
        if cells[1].strip("`")
    }
    classes = [
        cls for cls in vars(errors).values() if isinstance(cls, type) and cls is not errors.HarnessError
    ]
    assert written == {cls.__name__: cls.exit_code for cls in classes if "exit_code" in vars(cls)}
    assert len(set(written.values())) == len(written)


def test_every_injected_fault_is_described() -> None:
    text = (DOCS / "faults.md").read_text().split("## What is promised")[0]
    described = [
        name for line in text.splitlines() for name in re.findall(r"`(\w+)`", line.partition(" | ")[0])
    ]
    assert [name for name in described if name in Faults.model_fields] == described
    assert set(described) == set(Faults.model_fields)


def test_every_command_of_the_firmware_is_described() -> None:
    source = (DOCS.parent / "firmware_templates" / "dut" / "commands.c").read_text()
    table = source.split("} commands[] = {", 1)[1].split("};", 1)[0]
    commands = re.findall(r'\{"([\w-]+)', table)
    assert len(commands) >= 12
    text = (DOCS / "protocol.md").read_text()
    missing = [name for name in commands if not re.search(rf"^\| `{name}[ `]", text, re.MULTILINE)]
    assert not missing


@pytest.mark.parametrize("name", kind_names())
def test_every_kind_has_its_page_with_its_facts(name: str) -> None:
    kind = load_kind(name)
    page = DOCS.parent / kind.doc
    text = page.read_text()
    for fact in (
        f"{kind.clock_hz // 1_000_000} MHz",
        f"{kind.ram.size_bytes // 1024} KB",
        f"pyOCD target `{kind.pyocd_target}`",
        f"{kind.uart.baud} 8N1",
        f"TXD {kind.pin_name(kind.uart.tx_pin)}",
        f"RXD {kind.pin_name(kind.uart.rx_pin)}",
    ):
        assert fact in text, f"{page.name} does not say {fact!r}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), f"{page.name}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings}
            assert anchor in anchors, f"{page.name}: no heading for {target}"


def test_the_index_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\(([^)#\s]+)", (DOCS / "index.md").read_text()))
    pages = {str(page.relative_to(DOCS)) for page in PAGES} - {"index.md"}
    assert pages <= linked
