"""Eight boards at once: started quickly, each with its own memory, line and probe, and none left behind."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from harness.bench import LeasedBoard, open_board
from harness.bench.spawn import VirtualProcess
from harness.virtual import records
from tests.virtual.program import Console, build_program, eventually

COUNT = 8


@pytest.fixture(scope="module")
def eight() -> Iterator[list[LeasedBoard]]:
    """Eight boards of one kind, flashed with the test program."""
    with ExitStack() as stack:
        boards = [stack.enter_context(open_board("virtual:nrf51-dk")) for _ in range(COUNT)]
        for board in boards:
            board.flash(build_program("nrf51-dk"))
        yield boards


def test_bytes_and_memories_stay_apart(eight: list[LeasedBoard]) -> None:
    assert len({board.probe_uid for board in eight}) == len({board.port_path for board in eight}) == COUNT
    for number, board in enumerate(eight):
        board.write_memory(0x2000_4000, bytes([number] * 64))
    with ExitStack() as stack:
        consoles = [stack.enter_context(Console(board)) for board in eight]
        # Every board echoes text of its own while all the others echo theirs.
        texts = [letter * 40 for letter in "ABCDEFGH"]
        for console, text in zip(consoles, texts, strict=True):
            console.port.write(f"{text}\n".encode())
        assert [console.line() for console in consoles] == texts
        for console in consoles:
            console.port.write(b"3")
        assert len({console.line() for console in consoles}) == 1, "the same program takes the same cycles"
    for number, board in enumerate(eight):
        assert bytes(board.session().target.read_memory_block8(0x2000_4000, 64)) == bytes([number] * 64)


def test_starting_one_takes_under_half_a_second() -> None:
    """Of processor time, all of its life included: what the clock on the wall says depends on who else works here."""
    took_s = []
    for _ in range(3):
        before = _children_s()
        process = VirtualProcess("board", "nrf52840-dk")
        process.wait_ready()
        process.close()
        took_s.append(_children_s() - before)
    assert min(took_s) < 0.5, took_s


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_nothing_is_left_after_the_parent_is_killed() -> None:
    script = (
        "import time\nfrom contextlib import ExitStack\nfrom harness.bench import open_board\n"
        "stack = ExitStack()\n"
        "boards = [stack.enter_context(open_board('virtual:microbit-v1')) for _ in range(3)]\n"
        "print(*(f'{b._process._process.pid} {b.probe_uid}' for b in boards), sep='|', flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    boards = [entry.split() for entry in parent.stdout.readline().strip().split("|")]
    assert len(boards) == 3
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: not any(records.started_at(int(pid)) for pid, _ in boards))
    assert not {uid for _, uid in boards} & {record.unique_id for record in records.running()}
