"""What the Unicorn engine sees at each address: memories mapped, flash stores and peripherals by hooks."""

import threading
from collections.abc import Callable
from typing import Any

from unicorn import (
    UC_HOOK_MEM_INVALID,
    UC_MEM_FETCH_PROT,
    UC_MEM_FETCH_UNMAPPED,
    UC_MEM_READ_PROT,
    UC_MEM_READ_UNMAPPED,
    UC_MEM_WRITE_PROT,
    UC_PROT_EXEC,
    UC_PROT_READ,
    UC_PROT_WRITE,
)

from harness.virtual.cortexm import scs
from harness.virtual.memory import Bus, BusError, Ram
from harness.virtual.registers import Peripheral, UnmodelledAccessError
from harness.virtual.stop import Stop


class EngineBus:
    """The bus as an engine uses it; all but `map_into` and `apply_corrections` runs in the core's thread.

    Args:
        bus: Memories and peripherals.
        lock: Held around every peripheral access.
        flash_write: Programs a word and gives what is stored then.
        name_of: Names what lies at a peripheral's address.

    Attributes:
        stop: Why the last access stopped the core, if it did.
    """

    def __init__(
        self,
        bus: Bus,
        lock: threading.Condition,
        flash_write: Callable[[int, int, int], int],
        name_of: Callable[[int], str],
    ) -> None:
        self.stop: Stop | None = None
        self._bus = bus
        self._lock = lock
        self._flash_write = flash_write
        self._name_of = name_of
        self._corrections: list[tuple[Ram, int, bytes]] = []

    def map_into(
        self,
        engine: Any,
        writable: tuple[Ram, ...],
        executable: tuple[Ram, ...],
        hidden: tuple[Peripheral, ...],
    ) -> None:
        """Map everything.

        Args:
            engine: The Unicorn engine.
            writable: The memories that the core may write freely; the others are flash.
            executable: Those that it may run code in.
            hidden: Peripherals that it does not see.
        """
        for memory in self._bus.memories:
            rights = UC_PROT_READ | (UC_PROT_WRITE if memory in writable else 0)
            rights |= UC_PROT_EXEC if memory in executable else 0
            engine.mem_map_ptr(memory.origin, memory.size_bytes, rights, memory.address)
        for page, peripherals in self._bus.peripherals.items():
            if not any(peripheral in hidden for peripheral in peripherals):
                engine.mmio_map(page, 0x1000, self._on_read, page, self._on_write, page)
        engine.hook_add(UC_HOOK_MEM_INVALID, self._on_invalid)

    def halfword(self, address: int) -> int | None:
        """The halfword of code at `address`, if there is a memory."""
        memory = self._bus.memory(address)
        return None if memory is None else int.from_bytes(memory.read(address, 2), "little")

    def apply_corrections(self) -> None:
        """Put right what stores to flash left: the engine stores the value itself after the hook."""
        for memory, address, content in self._corrections:
            memory.write(address, content)
        self._corrections.clear()

    def _on_invalid(self, _engine: Any, access: int, address: int, size: int, value: int, _user: Any) -> bool:
        if access == UC_MEM_WRITE_PROT:
            return self._on_flash_store(address, size, value & ((1 << 8 * size) - 1))
        if access == UC_MEM_FETCH_PROT:
            self.stop = Stop(
                "model",
                f"the program runs code at 0x{address:08X}, and the virtual board runs it in flash and RAM only",
            )
            return False
        if access == UC_MEM_FETCH_UNMAPPED:
            what, bits = "fetch of an instruction", scs.CFSR_IBUSERR
            self.stop = Stop("fault", f"{what} at 0x{address:08X}, where no memory is", bits)
            return False
        what = "read" if access in (UC_MEM_READ_UNMAPPED, UC_MEM_READ_PROT) else "write"
        name = self._name_of(address)
        if name:
            reason = f"{what} of {name} (address 0x{address:08X}), which the virtual board does not model"
            self.stop = Stop("model", reason)
        else:
            reason = f"{what} of {size} bytes at 0x{address:08X}, where nothing is"
            self.stop = Stop("fault", reason, scs.CFSR_PRECISERR | scs.CFSR_BFARVALID, address)
        return False

    def _on_flash_store(self, address: int, size: int, value: int) -> bool:
        try:
            with self._lock:
                self.apply_corrections()
                stored = self._flash_write(address, size, value)
        except BusError as error:
            bits = scs.CFSR_PRECISERR | scs.CFSR_BFARVALID
            self.stop = Stop("fault", str(error), bits, address)
            return False
        if stored != value:
            memory = self._bus.memory(address)
            assert memory is not None
            self._corrections.append((memory, address, stored.to_bytes(size, "little")))
        return True

    def _on_read(self, _engine: Any, offset: int, size: int, page: int) -> int:
        with self._lock:
            self.apply_corrections()
            peripheral = self._peripheral(page + offset)
            return peripheral.read(page + offset - peripheral.BASE, size)

    def _on_write(self, _engine: Any, offset: int, size: int, value: int, page: int) -> None:
        with self._lock:
            self.apply_corrections()
            peripheral = self._peripheral(page + offset)
            peripheral.write(page + offset - peripheral.BASE, size, value)

    def _peripheral(self, address: int) -> Peripheral:
        peripheral = self._bus.peripheral(address)
        if peripheral is None:
            name = self._name_of(address)
            place = f"{name} (address 0x{address:08X})" if name else f"0x{address:08X}"
            raise UnmodelledAccessError(f"access to {place}, which the virtual board does not model")
        return peripheral
