"""The address space: memories as plain buffers, peripherals by page."""

import ctypes
from collections.abc import Callable, Iterable

from harness.virtual.registers import Peripheral

_PAGE = 0x1000


class BusError(Exception):
    """Nothing answers at the address; seen by the core as a fault and by the debugger as an AP error."""


class Ram:
    """A directly addressable memory, shared with the emulator without copying.

    Attributes:
        origin: First address.
        size_bytes: Length.
        buffer: Its content.
        address: Where the buffer lies in this process, for the emulator.
    """

    def __init__(self, origin: int, size_bytes: int, fill: int = 0) -> None:
        self.origin = origin
        self.size_bytes = size_bytes
        self._store = (ctypes.c_uint8 * size_bytes)()
        ctypes.memset(self._store, fill, size_bytes)
        self.buffer = memoryview(self._store).cast("B")
        self.address = ctypes.addressof(self._store)

    def alias(self, origin: int, offset: int, size_bytes: int) -> "Ram":
        """The same memory, from `offset` on, seen at another address."""
        view = Ram.__new__(Ram)
        view.origin, view.size_bytes = origin, size_bytes
        view._store = self._store
        view.buffer = self.buffer[offset : offset + size_bytes]
        view.address = self.address + offset
        return view

    def __contains__(self, address: int) -> bool:
        return self.origin <= address < self.origin + self.size_bytes

    def read(self, address: int, size: int) -> bytes:
        """Copy of `size` bytes at `address`, which must lie inside."""
        start = address - self.origin
        return bytes(self.buffer[start : start + size])

    def write(self, address: int, data: bytes) -> None:
        """Put `data` at `address`; all of it must lie inside."""
        start = address - self.origin
        self.buffer[start : start + len(data)] = data


class Bus:
    """What the core and the debug port see at each address.

    Args:
        memories: The plain memories.
        programmable: Those that only `program` may change.
        read_only: Those that nothing changes.
        peripherals: The models.
        program: Programs flash, as (`address`, `size`, `value`).

    Attributes:
        memories: The plain memories.
        peripherals: The models, by page address.
        on_change: Called after a debugger's write to a memory, which may have been code.
    """

    def __init__(
        self,
        memories: tuple[Ram, ...],
        programmable: tuple[Ram, ...],
        read_only: tuple[Ram, ...],
        peripherals: Iterable[Peripheral],
        program: Callable[[int, int, int], int],
    ) -> None:
        self.memories = memories
        self._programmable = programmable
        self._read_only = read_only
        self._program = program
        self.peripherals: dict[int, list[Peripheral]] = {}
        for peripheral in peripherals:
            for page in range(peripheral.BASE & -_PAGE, peripheral.BASE + peripheral.SIZE, _PAGE):
                self.peripherals.setdefault(page, []).append(peripheral)
        self.on_change: Callable[[], None] = lambda: None

    def memory(self, address: int) -> Ram | None:
        """The memory at `address`, if any."""
        return next((memory for memory in self.memories if address in memory), None)

    def peripheral(self, address: int) -> Peripheral | None:
        """The model that answers at `address`, if any."""
        for candidate in self.peripherals.get(address & -_PAGE, ()):
            if candidate.BASE <= address < candidate.BASE + candidate.SIZE:
                return candidate
        return None

    def load(self, address: int, size: int) -> int:
        """A debugger's read of `size` bytes.

        Raises:
            BusError: Nothing is there.
            UnmodelledAccessError: A peripheral is, but not that register.
        """
        memory = self.memory(address)
        if memory is not None:
            return int.from_bytes(memory.read(address, size), "little")
        peripheral = self.peripheral(address)
        if peripheral is None:
            raise BusError(f"nothing at 0x{address:08X}")
        return peripheral.read(address - peripheral.BASE, size)

    def store(self, address: int, size: int, value: int) -> None:
        """A debugger's write of `size` bytes.

        Raises:
            BusError: Nothing is there, or the flash controller forbids it.
            UnmodelledAccessError: A peripheral is there, but not that register.
        """
        memory = self.memory(address)
        if memory is not None:
            if memory in self._read_only:
                raise BusError(f"0x{address:08X} cannot be written")
            if memory in self._programmable:
                self._program(address, size, value)
            else:
                memory.write(address, (value & ((1 << 8 * size) - 1)).to_bytes(size, "little"))
            self.on_change()
            return
        peripheral = self.peripheral(address)
        if peripheral is None:
            raise BusError(f"nothing at 0x{address:08X}")
        peripheral.write(address - peripheral.BASE, size, value)
