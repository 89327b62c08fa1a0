"""QEMU's `microbit` machine with an image of ours, its serial line on a pseudo-terminal."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

QEMU = "qemu-system-arm"
# 2^6 ns an instruction, 15.6 million a second, near the chip's 16 MHz: without it QEMU's TIMER follows the wall's clock
# while instructions run as fast as they can, and the image's self-test of its cycle counter rightly complains.
_ICOUNT = ("-icount", "shift=6")
_PORT = re.compile(r"redirected to (\S+)")


@contextmanager
def microbit(image: Path, port_timeout_s: float = 5.0) -> Iterator[serial.Serial]:
    """The serial port of a machine that runs the ELF file `image`, from its reset on."""
    if shutil.which(QEMU) is None:
        pytest.skip(f"{QEMU} is not installed (Debian: qemu-system-arm)")
    command = [
        QEMU, "-M", "microbit", "-nodefaults", "-display", "none", "-monitor", "stdio", "-serial", "pty",
        "-S", *_ICOUNT, "-kernel", str(image),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            port = next(found[1] for line in process.stdout if (found := _PORT.search(line)))
            with serial.Serial(port, 115_200, timeout=port_timeout_s) as opened:
                process.stdin.write("cont\n")
                process.stdin.flush()
                yield opened
        finally:
            process.kill()
