"""What a network with fewer channels may cost, as shares of the network it is made of."""

import re
from dataclasses import dataclass

from harness.errors import InputError

CYCLES_PERCENT = (30, 95)
"""Least and most of a budget's share of the cycles, in percent."""

FLASH_PERCENT = (40, 100)
"""The same of the weights' share of flash; 100 is no limit."""

_NAME = re.compile(r"c(\d+)(?:-f(\d+))?")


@dataclass(frozen=True)
class ChannelBudget:
    """Shares in percent, within `CYCLES_PERCENT` and `FLASH_PERCENT`.

    Attributes:
        cycles_percent: Of the cycles.
        flash_percent: Of the flash of its weights; 100 for no limit.
    """

    cycles_percent: int
    flash_percent: int

    @classmethod
    def parse(cls, name: str) -> "ChannelBudget":
        """The budget that tables name `c55-f90`, or `c80` where flash is not limited.

        Raises:
            InputError: It is no such name, or a share is outside its range.
        """
        match = _NAME.fullmatch(name.removeprefix("channels-"))
        found = cls(int(match[1]), int(match[2] or 100)) if match else None
        if not found or not (
            CYCLES_PERCENT[0] <= found.cycles_percent <= CYCLES_PERCENT[1]
            and FLASH_PERCENT[0] <= found.flash_percent <= FLASH_PERCENT[1]
        ):
            raise InputError(
                f"--channel-budgets {name}: give c and the share of cycles from {CYCLES_PERCENT[0]} to "
                f"{CYCLES_PERCENT[1]} percent, then -f and that of flash from {FLASH_PERCENT[0]} to "
                f"{FLASH_PERCENT[1]} percent where it is limited: c55-f90"
            )
        return found

    def __str__(self) -> str:
        """Its name in tables."""
        return f"c{self.cycles_percent}" + ("" if self.flash_percent == 100 else f"-f{self.flash_percent}")
