"""The chips: factory information, page sizes, and which peripherals they have."""

from dataclasses import dataclass

# Names of Nordic's peripherals by ID (address = 0x4000_0000 + ID * 0x1000), for messages.
_NAMES = (
    "CLOCK/POWER", "RADIO", "UART0", "SPI0/TWI0", "SPI1/TWI1", "NFCT", "GPIOTE", "SAADC", "TIMER0", "TIMER1",
    "TIMER2", "RTC0", "TEMP", "RNG", "ECB", "AAR/CCM", "WDT", "RTC1", "QDEC", "LPCOMP", "SWI0/EGU0",
    "SWI1/EGU1", "SWI2/EGU2", "SWI3/EGU3", "SWI4/EGU4", "SWI5/EGU5", "TIMER3", "TIMER4", "PWM0", "PDM",
    "NVMC", "PPI",
)  # fmt: skip
_TIMERS = tuple((f"TIMER{i}", 0x4000_8000 + 0x1000 * i, 4) for i in range(3))


@dataclass(frozen=True)
class Chip:
    """What tells one chip from another.

    Attributes:
        page_bytes: Flash erase unit.
        ficr: Factory information: byte offset -> word; the rest reads as erased.
        has_control_port: Whether it has Nordic's CTRL-AP (nRF52).
        ports: GPIO ports.
        timers: Name, address and channels of each TIMER.
    """

    page_bytes: int
    ficr: dict[int, int]
    has_control_port: bool
    ports: tuple[tuple[str, int], ...]
    timers: tuple[tuple[str, int, int], ...]


def _nrf51(flash_bytes: int, ram_bytes: int) -> Chip:
    return Chip(
        page_bytes=1024,
        ficr={
            0x010: 1024,  # CODEPAGESIZE
            0x014: flash_bytes // 1024,  # CODESIZE
            0x02C: 0xFF,  # PPFC: no factory code
            0x034: 2,  # NUMRAMBLOCK
            0x038: ram_bytes // 2,  # SIZERAMBLOCKS
            0x05C: 0x0000_0083,  # CONFIGID
        },
        has_control_port=False,
        ports=(("P0", 0x5000_0000),),
        timers=_TIMERS,
    )


def _nrf52(part: int, flash_bytes: int, ram_bytes: int) -> Chip:
    return Chip(
        page_bytes=4096,
        ficr={
            0x010: 4096,
            0x014: flash_bytes // 4096,
            0x100: part,  # INFO.PART
            0x104: 0x4141_4430,  # INFO.VARIANT "AAD0"
            0x108: 0x2004,  # INFO.PACKAGE: QI
            0x10C: ram_bytes // 1024,
            0x110: flash_bytes // 1024,
        },
        has_control_port=True,
        ports=(("P0", 0x5000_0000), ("P1", 0x5000_0300)),
        timers=(*_TIMERS, ("TIMER3", 0x4001_A000, 6), ("TIMER4", 0x4001_B000, 6)),
    )


def chip_of(pyocd_target: str, flash_bytes: int, ram_bytes: int) -> Chip:
    """The chip behind a pyOCD target name (`nrf51...` or `nrf52...`).

    Raises:
        ValueError: It is neither.
    """
    if pyocd_target.startswith("nrf51"):
        return _nrf51(flash_bytes, ram_bytes)
    if pyocd_target.startswith("nrf52"):
        return _nrf52(int("0x" + pyocd_target.removeprefix("nrf"), 16), flash_bytes, ram_bytes)
    raise ValueError(f"no virtual chip for the pyOCD target {pyocd_target!r}")


def peripheral_name(address: int) -> str:
    """Name of the peripheral at `address`, for a message; empty if it is none of Nordic's."""
    number = (address - 0x4000_0000) // 0x1000
    if 0 <= number < len(_NAMES):
        return f"{_NAMES[number]} register 0x{address & 0xFFF:03X}"
    return ""
