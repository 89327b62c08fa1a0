"""What a chip is to the rest of the board, and which description belongs to which board kind."""

from collections.abc import Callable
from typing import Protocol

from harness.config.kinds import BoardKind
from harness.virtual.clock import Clock
from harness.virtual.flash_timing import FlashSetting
from harness.virtual.memory import Ram
from harness.virtual.registers import Peripheral


class Line(Protocol):
    """The serial device that the host opens."""

    def receive(self, limit: int) -> bytes: ...
    def send(self, value: int) -> None: ...
    def wait(self) -> float: ...


class FlashModel(Protocol):
    """The peripheral that decides what a write to flash does.

    Attributes:
        on_change: To be called when flash has changed.
        on_setting: To be called when the program has set how flash is accessed, and with a reset.
    """

    on_change: Callable[[], None]
    on_setting: Callable[[FlashSetting], None]

    def program(self, address: int, size: int, value: int) -> int:
        """Program `size` bytes at `address` and give what is stored there afterwards."""

    def erase_everything(self) -> None:
        """Erase all that a program can occupy."""


class Chip(Protocol):
    """A microcontroller around its core: memories, peripherals and flash controller.

    Attributes:
        flash: Program memory, the first executable region.
        ram: Data memory, the second one.
        memories: All plain memories, those two included.
        writable: Those that the program may write freely.
        programmable: Those that only the flash controller changes.
        read_only: Those that nothing changes.
        controller: The flash controller.
        has_control_port: Whether the debug port has Nordic's CTRL-AP.
        on_edge: Called with a pin, as the kind's file numbers it, and its new level.
    """

    flash: Ram
    ram: Ram
    memories: tuple[Ram, ...]
    writable: tuple[Ram, ...]
    programmable: tuple[Ram, ...]
    read_only: tuple[Ram, ...]
    controller: FlashModel
    has_control_port: bool
    on_edge: Callable[[int, bool], None]

    def peripherals(self, clock: Clock, line: Line) -> tuple[Peripheral, ...]:
        """Models of everything at the chip's peripheral addresses, the flash controller included."""

    def name_of(self, address: int) -> str:
        """Peripheral and register at `address`, for a message; empty if the chip has none there."""


def chip_of(kind: BoardKind, device_id: int, damage: Callable[[int, int], int]) -> Chip:
    """The chip of a board kind.

    Args:
        kind: The board kind.
        device_id: 64-bit serial number of the chip.
        damage: What flash wear does to a programmed word, as (`address`, `word`) -> `word`.

    Raises:
        ValueError: There is no virtual chip for the kind's port.
    """
    if kind.port == "nordic":
        from harness.virtual.nordic.chip import NordicChip

        return NordicChip(kind, device_id, damage)
    if kind.port == "stm32l4":
        from harness.virtual.stm32.chip import Stm32Chip

        return Stm32Chip(kind, device_id, damage)
    raise ValueError(f"no virtual chip for the firmware port {kind.port!r}")
