"""The rooms keep to their order, and heavy libraries stay where they belong."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "harness"
ROOMS = [
    "config",
    "tasks",
    "pruning",
    "quantization",
    "firmware",
    "bench",
    "virtual",
    "dut",
    "measure",
    "store",
    "search",
    "report",
    "nightly",
    "farm",
    "cli",
]
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_rooms_above_it(path):
    own = ROOMS.index(path.relative_to(ROOT).parts[0])
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "harness" and len(parts) > 1 and parts[1] in ROOMS:
            assert ROOMS.index(parts[1]) <= own, f"{path} imports {name} from a lower room"


def test_nothing_above_the_virtual_board_knows_it():
    for path in FILES:
        if path.relative_to(ROOT).parts[0] != "virtual":
            assert not any(name.startswith("harness.virtual") for name in imports(path)), path


@pytest.mark.parametrize(
    ("library", "rooms"), [("unicorn", ("virtual",)), ("capstone", ("virtual", "firmware"))]
)
def test_the_emulator_is_imported_by_the_virtual_board_only(library, rooms):
    for path in FILES:
        if path.relative_to(ROOT).parts[0] not in rooms:
            assert not any(name.split(".")[0] == library for name in imports(path)), path


def test_no_command_imports_tensorflow_before_it_trains():
    script = (
        "import importlib, pkgutil, sys, harness\n"
        "for room in ('cli', 'search', 'report', 'nightly', 'tasks', 'pruning', 'quantization'):\n"
        "    package = importlib.import_module(f'harness.{room}')\n"
        "    for found in pkgutil.iter_modules(package.__path__):\n"
        "        importlib.import_module(f'harness.{room}.{found.name}')\n"
        "import harness.api\n"
        "print([name for name in ('tensorflow', 'keras', 'unicorn') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
