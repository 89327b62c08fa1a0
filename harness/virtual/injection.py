"""Faults put into a board on purpose, so that every recovery path of the harness can be tested.

Each is given as `name=number` (or `name=address`):

| fault | effect |
|---|---|
| `drop=N` | every Nth byte from the board to the host is lost |
| `corrupt=N` | every Nth byte from the board to the host arrives with a bit flipped |
| `duplicate=N` | every Nth byte from the board to the host arrives twice |
| `mute-after=N` | after N bytes the board says nothing more |
| `probe-refuse=N` | the probe refuses to open N times |
| `flash-stuck=ADDRESS` | the lowest bit of the flash word at ADDRESS cannot be programmed to 1 |
"""

import random
from collections.abc import Iterable

NAMES = ("drop", "corrupt", "duplicate", "mute-after", "probe-refuse", "flash-stuck")


class Faults:
    """The faults of one board.

    Args:
        specs: As in the table above.
        seed: Chooses the bits that are flipped.

    Raises:
        ValueError: A name is unknown or a number is none.
    """

    def __init__(self, specs: Iterable[str] = (), seed: int = 0) -> None:
        self._numbers: dict[str, int] = {}
        for spec in specs:
            name, _, number = spec.partition("=")
            if name not in NAMES:
                raise ValueError(f"unknown fault {name!r}; known are {', '.join(NAMES)}")
            self._numbers[name] = int(number, 0)
        self._random = random.Random(seed)
        self._sent = 0
        self._opened = 0

    def _every(self, name: str) -> bool:
        period = self._numbers.get(name, 0)
        return period > 0 and self._sent % period == 0

    def on_line(self, value: int) -> bytes:
        """What arrives at the host when the board sends the byte `value`."""
        self._sent += 1
        if "mute-after" in self._numbers and self._sent > self._numbers["mute-after"]:
            return b""
        if self._every("drop"):
            return b""
        if self._every("corrupt"):
            value ^= 1 << self._random.randrange(8)
        return bytes([value]) * (2 if self._every("duplicate") else 1)

    def refuses_probe(self) -> bool:
        """Whether this attempt to open the probe fails."""
        self._opened += 1
        return self._opened <= self._numbers.get("probe-refuse", 0)

    def damaged(self, address: int, word: int) -> int:
        """What the flash keeps of a programmed `word`."""
        return word & ~1 if self._numbers.get("flash-stuck") == address else word
