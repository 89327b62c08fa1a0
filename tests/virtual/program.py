"""The test program of `firmware/probe.c` on a virtual board, and a console to talk to it."""

import functools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from elftools.elf.elffile import ELFFile

from harness.bench import LeasedBoard

KINDS = ("nrf51-dk", "nrf52840-dk")
_FOLDER = Path(__file__).parent / "firmware"
_CORES = {"nrf51-dk": ("cortex_m0", ""), "nrf52840-dk": ("cortex_m4", "-DCORTEX_M4")}


@functools.cache
def build_program(kind: str, *flags: str) -> Path:
    """The program linked for `kind`, as an ELF file with symbols."""
    cpu, define = _CORES[kind]
    out = Path(tempfile.mkdtemp(prefix="harness-test-")) / "probe.elf"
    command = [
        sys.executable, "-m", "ziglang", "cc", "-target", "thumb-freestanding-eabi", f"-mcpu={cpu}",
        "-Os", "-g", "-fhosted", "-nostdlib", f"-Wl,-T,{_FOLDER / 'link.ld'}", "-Wl,--entry=reset",
        *filter(None, (define, *flags)), str(_FOLDER / "probe.c"), "-o", str(out),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return out


def address_of(program: Path, function: str) -> int:
    """Where a function of a program lies."""
    with program.open("rb") as stream:
        (symbol,) = ELFFile(stream).get_section_by_name(".symtab").get_symbol_by_name(function)
        return int(symbol["st_value"]) & ~1


def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether `condition` comes true within a while."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


class Console:
    """The program's single-character commands over the serial port of a freshly reset board."""

    def __init__(self, board: LeasedBoard) -> None:
        self.board = board
        self.port = board.open_serial()
        self.port.reset_input_buffer()

    def __enter__(self) -> "Console":
        self.board.reset()
        assert self.line() == "hello"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.port.close()

    def line(self) -> str:
        return self.port.readline().decode().strip()

    def ask(self, command: str) -> str:
        self.port.write(command.encode())
        return self.line()

    def number(self, command: str) -> int:
        return int(self.ask(command), 16)

    def fault_after(self, command: str) -> str:
        """What `fault()` says once `command` has stopped the core."""
        self.port.write(command.encode())
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            found = self.board.fault()
            if found:
                assert self.port.in_waiting == 0, "the program went on"
                return found
            time.sleep(0.01)
        raise AssertionError("the core has not stopped")
