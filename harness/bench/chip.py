"""Whether the chip behind the probe is the one that the kind says."""

from typing import Any

from harness.bench.probe import mapped_errors
from harness.config.kinds import BoardKind
from harness.errors import WrongChipError

_CPUID = 0xE000_ED00
_CORES = {
    0xC20: "cortex-m0",
    0xC60: "cortex-m0plus",
    0xC23: "cortex-m3",
    0xC24: "cortex-m4",
    0xD21: "cortex-m33",
}
# Nordic's factory information (FICR): page size, pages, and from nRF52 on the part number in hex digits.
_FICR_PAGE_BYTES, _FICR_PAGES, _FICR_PART = 0x1000_0010, 0x1000_0014, 0x1000_0100
_FICR_RAM_BLOCKS, _FICR_RAM_BLOCK_BYTES, _FICR_RAM_KB = 0x1000_0034, 0x1000_0038, 0x1000_010C
# ST's device id by family (DBGMCU_IDCODE, RM0351 and RM0432).
_DBGMCU_IDCODE = 0xE004_2000
_ST_DEVICES = {"stm32l475": 0x415, "stm32l4r5": 0x470}


def check_chip(session: Any, board: str, kind: BoardKind) -> str:
    """Compare core, part and memories with the kind's.

    Args:
        session: pyOCD's session, open.
        board: The unit's name.
        kind: What it should be.

    Returns:
        What was found, in words.

    Raises:
        WrongChipError: Another chip is there; both are named.
        ProbeError: The connection failed.
    """
    with mapped_errors(board, "asking the chip what it is"):
        read = session.target.read32
        part = read(_CPUID) >> 4 & 0xFFF
        core = _CORES.get(part, f"core 0x{part:03X}")
        _compare(board, kind, "core", core, kind.core)
        if kind.port == "nordic":
            return f"{core}, {_check_nordic(read, board, kind)}"
        return f"{core}, {_check_st(read, board, kind)}"


def _check_nordic(read: Any, board: str, kind: BoardKind) -> str:
    found_bytes = read(_FICR_PAGE_BYTES) * read(_FICR_PAGES)
    if kind.pyocd_target.startswith("nrf52"):
        expected = kind.pyocd_target.removeprefix("nrf")[:5]
        ram_bytes = 1024 * read(_FICR_RAM_KB)
        _compare(board, kind, "part", f"nRF{read(_FICR_PART):x}", f"nRF{expected}")
    else:
        ram_bytes = read(_FICR_RAM_BLOCKS) * read(_FICR_RAM_BLOCK_BYTES)
    if ram_bytes < kind.ram.size_bytes:  # one with more runs the same image
        _compare(board, kind, "RAM", f"{ram_bytes // 1024} KB", f"{kind.ram.size_bytes // 1024} KB")
    _compare(board, kind, "flash", f"{found_bytes // 1024} KB", f"{kind.flash.size_bytes // 1024} KB")
    return f"{found_bytes // 1024} KB of flash"


def _check_st(read: Any, board: str, kind: BoardKind) -> str:
    device = read(_DBGMCU_IDCODE) & 0xFFF
    for target, expected in _ST_DEVICES.items():
        if kind.pyocd_target.startswith(target):
            _compare(board, kind, "device id", f"0x{device:03X}", f"0x{expected:03X}")
    return f"device id 0x{device:03X}"


def _compare(board: str, kind: BoardKind, what: str, found: str, expected: str) -> None:
    if found != expected:
        raise WrongChipError(
            board,
            f"the chip's {what} is {found} and that of a {kind.name} is {expected}; "
            "check probe and kind in the bench file",
        )
