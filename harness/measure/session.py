"""From a flashed image to a device that is known to run it."""

from collections.abc import Iterator
from contextlib import contextmanager

import serial

from harness.bench import LeasedBoard
from harness.dut import Boot, Dut, ImageInfo
from harness.errors import BootError, CoreFaultError, HarnessError, LinkError, WrongImageError
from harness.firmware import Image

_BOOT_TIMEOUT_S = 5.0


def start_image(board: LeasedBoard, image: Image, port: serial.Serial) -> Dut:
    """Reset the board and make sure that the image it runs is `image`.

    Args:
        board: Where the image has been flashed.
        image: What it must run.
        port: The board's serial port, opened before the reset so that no boot message is missed.

    Raises:
        BootError: The image does not announce itself.
        CoreFaultError: It faulted instead.
        WrongImageError: Another image answers; both values are named.
    """
    port.reset_input_buffer()
    board.reset()
    dut = Dut(port, board.name)
    with explained_by_fault(board):
        boot = dut.wait_boot(_BOOT_TIMEOUT_S)
        wrong = _difference(dut.info(), boot, image)
        if wrong:  # nothing on the line guards the answer: of another image the next one says the same
            wrong = _difference(dut.info(), boot, image)
    if wrong:
        raise WrongImageError(board.name, wrong)
    return dut


def _difference(info: ImageInfo | None, boot: Boot, image: Image) -> str | None:
    """What is not as it should be in what the running image says of itself."""
    if info is None:
        return f"the image with build {image.build_id} was flashed, another one answers"
    for what, got, expected in (
        ("kind", info.kind, image.kind),
        ("model", info.model, image.model_sha256[:16]),
        ("build", info.build, image.build_id),
        ("mode", info.mode, image.mode),
        ("announced mode", boot.mode or info.mode, image.mode),  # the line may have been lost
    ):
        if got != expected:
            return f"the running image has {what} {got}, the flashed one {expected}"
    return None


@contextmanager
def explained_by_fault(board: LeasedBoard) -> Iterator[None]:
    """Within it, a line that falls silent is reported as the core's fault where there is one.

    Raises:
        CoreFaultError: In place of a LinkError or BootError, when the core has faulted.
    """
    try:
        yield
    except (LinkError, BootError) as error:
        try:
            fault = board.fault()
        except HarnessError:
            fault = None  # the probe is gone too: the first error says more
        if fault:
            raise CoreFaultError(board.name, fault) from error
        raise
