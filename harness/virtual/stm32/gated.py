"""Peripherals behind a clock gate of RCC."""

from collections.abc import Callable

from harness.virtual.registers import Peripheral, UnmodelledAccessError


class GatedPeripheral(Peripheral):
    """A peripheral that only works while its clock is on.

    Silicon answers zeros without a clock; here the access is an error, as it is always a mistake.

    Attributes:
        clocked: Whether the clock is on.
    """

    SIZE = 0x400

    def __init__(self, clocked: Callable[[], bool]) -> None:
        super().__init__()
        self.clocked = clocked

    def read(self, offset: int, size: int) -> int:
        self._check("read", offset)
        return super().read(offset, size)

    def write(self, offset: int, size: int, value: int) -> None:
        self._check("write", offset)
        super().write(offset, size, value)

    def _check(self, action: str, offset: int) -> None:
        if not self.clocked():
            raise UnmodelledAccessError(
                f"{action} of {self.NAME} register 0x{offset & ~3:03X} (address 0x{self.BASE + offset:08X}) "
                "while RCC keeps its clock off"
            )
