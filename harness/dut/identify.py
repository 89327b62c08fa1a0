"""Who answers on a serial port."""

from collections.abc import Callable

import serial

from harness.dut.client import Dut
from harness.errors import LinkError

_ALLOWANCE_S = 0.5
_WRITE_TIMEOUT_S = 2.0
COMMON_BAUDS = (115_200, 9_600, 921_600, 1_000_000, 460_800, 230_400)
"""Speeds to try where a board is not understood, likely ones first."""


def ask_name(port: str, baud: int) -> str | None:
    """The name that the device on a port gives; None where nobody answers there in the protocol.

    Args:
        port: Path of the port.
        baud: Speed, bits a second.
    """
    try:
        with serial.Serial(port, baud, timeout=0, write_timeout=_WRITE_TIMEOUT_S, exclusive=True) as line:
            return Dut(line, port, allowance_s=_ALLOWANCE_S).name()
    except (LinkError, OSError, ValueError):
        return None


def find_baud(is_understood: Callable[[int], bool], but: int) -> int | None:
    """The speed at which a device is understood, among the common ones other than `but`; None for none of them."""
    return next((baud for baud in COMMON_BAUDS if baud != but and is_understood(baud)), None)
