"""Flashing: erase, program, read back and compare."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from harness.bench.probe import mapped_errors
from harness.errors import FlashError, InputError

Segment = tuple[int, bytes]


@dataclass(frozen=True)
class FlashReport:
    """What one flashing did.

    Attributes:
        image_bytes: Bytes of the image.
        programmed_bytes: Bytes of the pages that were programmed; pages that were right already are not.
        connect_s: Seconds to connect to the probe and stop the core; 0 when it was connected.
        erase_s: Seconds of comparing and erasing.
        program_s: Seconds of programming.
        verify_s: Seconds of reading back and comparing.
        total_s: All of it, reset included.
    """

    image_bytes: int
    programmed_bytes: int
    connect_s: float
    erase_s: float
    program_s: float
    verify_s: float
    total_s: float


def load_segments(elf_path: Path) -> list[Segment]:
    """What an ELF file puts into flash: (address, bytes) of each part.

    Raises:
        InputError: It cannot be read, or is no ELF file with something to flash.
    """
    try:
        with elf_path.open("rb") as stream:
            segments = [
                (int(segment["p_paddr"]), bytes(segment.data()))
                for segment in ELFFile(stream).iter_segments()
                if segment["p_type"] == "PT_LOAD" and segment["p_filesz"]
            ]
    except OSError as error:
        raise InputError(f"cannot read {elf_path}: {error.strerror}") from error
    except ELFError as error:
        raise InputError(f"{elf_path} is not an ELF file: {error}") from error
    if not segments:
        raise InputError(f"{elf_path} holds nothing to flash")
    return segments


def program(session: Any, board: str, segments: Sequence[Segment]) -> tuple[int, float, float]:
    """Erase and program; gives the bytes programmed and the seconds of erasing and of programming.

    The core is reset and halted first, so that nothing of the old program disturbs the flash algorithm.

    Raises:
        FlashError: The flash algorithm failed, or a segment does not lie in flash.
        ProbeError: The connection failed.
    """
    from pyocd.core.target import Target
    from pyocd.flash.loader import FlashLoader

    done: list[Any] = []

    def on_programmed(notification: Any) -> None:
        done.append(notification.source.get_performance())

    session.subscribe(on_programmed, Target.Event.POST_FLASH_PROGRAM)
    try:
        with mapped_errors(board, "flashing"):
            session.target.reset_and_halt()
            loader = FlashLoader(session)
            for address, data in segments:
                try:
                    loader.add_data(address, list(data))
                except ValueError as error:
                    raise FlashError(
                        board, f"the image does not lie in this chip's flash: {error}"
                    ) from error
            loader.commit()
    finally:
        session.unsubscribe(on_programmed, Target.Event.POST_FLASH_PROGRAM)
    return (
        sum(part.program_byte_count for part in done),
        sum(part.erase_time for part in done),
        sum(part.program_time for part in done),
    )


def verify(session: Any, board: str, segments: Sequence[Segment]) -> float:
    """Read the flash back and compare; gives the seconds it took.

    Raises:
        FlashError: A byte differs; the first one is named.
        ProbeError: The connection failed.
    """
    start = time.monotonic()
    for address, data in segments:
        with mapped_errors(board, "reading the flash back"):
            found = bytes(session.target.read_memory_block8(address, len(data)))
        if found != data:
            offset = next(i for i, (a, b) in enumerate(zip(found, data, strict=True)) if a != b)
            raise FlashError(
                board,
                f"verifying the flash failed: 0x{address + offset:08X} holds 0x{found[offset]:02X} and not "
                f"0x{data[offset]:02X}; flash again, and if it stays so the flash is worn out",
            )
    return time.monotonic() - start
