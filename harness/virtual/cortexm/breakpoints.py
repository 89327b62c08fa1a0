"""Flash patch and breakpoint unit (version 1): hardware breakpoints in the code region."""

from collections.abc import Callable

from harness.virtual.registers import Peripheral, Register


class BreakpointUnit(Peripheral):
    """FPB of Cortex-M4 (six comparators) and BPU of Cortex-M0 (four).

    Args:
        comparators: How many breakpoints it has.

    Attributes:
        on_change: Called after each change.
    """

    NAME = "FPB"
    BASE = 0xE000_2000

    def __init__(self, comparators: int) -> None:
        self.REGISTERS = (  # type: ignore[misc]
            Register("FP_CTRL", 0x000),
            Register("FP_REMAP", 0x004),
            Register("FP_COMP", 0x008, count=comparators),
        )
        super().__init__()
        self._comparators = comparators
        self.on_change: Callable[[], None] = lambda: None

    def reset(self) -> None:
        """Nothing: breakpoints are reset by power-on only."""

    def read_FP_CTRL(self) -> int:
        return (self[0x000] & 1) | self._comparators << 4

    def write_FP_CTRL(self, value: int) -> None:
        if value & 2:  # KEY
            self[0x000] = value & 1
            self.on_change()

    def write_FP_COMP(self, index: int, value: int) -> None:
        self[0x008 + 4 * index] = value
        self.on_change()

    def addresses(self) -> frozenset[int]:
        """Addresses of the enabled breakpoints; none when the unit is off."""
        if not self[0x000] & 1:
            return frozenset()
        found: set[int] = set()
        for index in range(self._comparators):
            value = self[0x008 + 4 * index]
            if value & 1:
                word, halves = value & 0x1FFF_FFFC, value >> 30
                found.update(word + 2 * half for half in (0, 1) if halves & (1 << half))
        return frozenset(found)
