"""Tables of memory-mapped registers: what every peripheral model is written in.

A model is a class with a `REGISTERS` table. A register without a method of its own simply keeps what
is written to it; `read_<NAME>` and `write_<NAME>` methods give it behaviour, and get the index as
first argument where the table says that the register is an array.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

_WORD = 0xFFFF_FFFF


class UnmodelledAccessError(Exception):
    """The program touched a register that the emulation does not know; its text names both."""


@dataclass(frozen=True)
class Register:
    """One row of a register table.

    Attributes:
        name: The name in the chip's reference manual.
        offset: Byte offset from the peripheral's base, a multiple of 4.
        reset: Value after reset.
        count: Number of equal registers in a row; more than 0 makes it an array.
        read_only: Writes are ignored, as on the chip.
    """

    name: str
    offset: int
    reset: int = 0
    count: int = 0
    read_only: bool = False


class _Slot:
    """A register at work: its value and its behaviour."""

    __slots__ = ("name", "read", "read_only", "reset", "value", "write")

    def __init__(
        self, name: str, row: Register, read: Callable[[], int] | None, write: Callable[[int], None] | None
    ) -> None:
        self.name = name
        self.reset = self.value = row.reset
        self.read_only = row.read_only
        self.read = read
        self.write = write


class Peripheral:
    """Base of all peripheral models.

    Attributes:
        NAME: Name in the reference manual.
        BASE: First address.
        SIZE: Bytes of address space that belong to it.
        REGISTERS: The table.
    """

    NAME: ClassVar[str]
    BASE: ClassVar[int]
    SIZE: ClassVar[int] = 0x1000
    REGISTERS: ClassVar[tuple[Register, ...]]

    def __init__(self) -> None:
        self._slots: dict[int, _Slot] = {}
        self.extend(self.REGISTERS)

    def extend(self, rows: Iterable[Register]) -> None:
        """Add registers to the table of this instance."""
        for row in rows:
            for index in range(max(row.count, 1)):
                self._slots[row.offset + 4 * index] = self._bind(row, index)

    def _bind(self, row: Register, index: int) -> _Slot:
        read = getattr(self, f"read_{row.name}", None)
        write = getattr(self, f"write_{row.name}", None)
        if not row.count:
            return _Slot(row.name, row, read, write)
        return _Slot(
            f"{row.name}[{index}]",
            row,
            (lambda: read(index)) if read else None,
            (lambda value: write(index, value)) if write else None,
        )

    def __getitem__(self, offset: int) -> int:
        """The stored value of the register at `offset`, without side effects."""
        return self._slots[offset].value

    def __setitem__(self, offset: int, value: int) -> None:
        self._slots[offset].value = value & _WORD

    def reset(self) -> None:
        """Put every register back to its reset value."""
        for slot in self._slots.values():
            slot.value = slot.reset

    def read(self, offset: int, size: int) -> int:
        """Read `size` (1, 2 or 4) bytes at `offset` as the bus does.

        Raises:
            UnmodelledAccessError: There is no such register in the table.
        """
        slot = self._slot(offset, "read")
        word = slot.value if slot.read is None else slot.read()
        return (word >> 8 * (offset & 3)) & ((1 << 8 * size) - 1)

    def write(self, offset: int, size: int, value: int) -> None:
        """Write `size` (1, 2 or 4) bytes at `offset` as the bus does.

        Raises:
            UnmodelledAccessError: There is no such register in the table.
        """
        slot = self._slot(offset, "write")
        if slot.read_only:
            return
        if size != 4:
            shift = 8 * (offset & 3)
            mask = ((1 << 8 * size) - 1) << shift
            value = (slot.value & ~mask) | ((value << shift) & mask)
        value &= _WORD
        if slot.write is None:
            slot.value = value
        else:
            slot.write(value)

    def _slot(self, offset: int, action: str) -> _Slot:
        slot = self._slots.get(offset & ~3)
        if slot is None:
            raise UnmodelledAccessError(
                f"{action} of {self.NAME} register 0x{offset & ~3:03X} (address 0x{self.BASE + offset:08X}), "
                "which the virtual board does not model"
            )
        return slot
