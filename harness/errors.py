"""Every error the harness raises on purpose, and the exit code each one ends a command with.

::

    HarnessError
    ├── InputError (2)             what the user gave cannot be used: file, option, model, permission
    ├── BuildError (3)             the compiler or linker refused
    │   └── DoesNotFitError        the image needs more memory than the board has
    ├── BoardError (4)             a board, named, did not do its part
    │   ├── BusyError              another process holds the board's lease
    │   ├── QuarantinedError       the board is set aside until a person lifts it
    │   ├── ProbeError             the debug probe cannot be found or opened
    │   ├── WrongChipError         another chip is behind the probe than the kind says
    │   ├── FlashError (8)         programming or verifying failed
    │   ├── BootError (9)          the image does not announce itself after reset
    │   ├── LinkError (10)         the serial line is silent, garbled or gone
    │   │   ├── StateLostError     the board restarted or nobody answers: asking again does not help
    │   │   └── ProtocolError (11) a well-formed line that the protocol does not allow here
    │   ├── CoreFaultError (13)    the core stopped in a fault
    │   └── WrongImageError (14)   the board runs another image than the one flashed
    ├── MeasurementError (5)       figures that cannot be trusted
    │   ├── TimerError (12)        the device's clock does not tick as it should
    │   └── MeterError (15)        the power meter does not do its part
    ├── StoreError (6)             the result store cannot be read or written
    └── SearchError (7)            no candidate can be chosen
"""

from typing import Any


class HarnessError(Exception):
    """Base of all deliberate errors. Its text is one sentence: what, where, what to do."""

    exit_code = 1

    def __reduce__(self) -> tuple[Any, ...]:
        # Python's own way calls the class with the text alone, and some take more.
        return _again, (type(self), self.args, vars(self))


def _again(kind: type[HarnessError], arguments: tuple[Any, ...], fields: dict[str, Any]) -> HarnessError:
    """An error that was sent from another process."""
    error = kind.__new__(kind, *arguments)
    vars(error).update(fields)
    return error


class InputError(HarnessError):
    """The user's input cannot be used."""

    exit_code = 2


class BuildError(HarnessError):
    """No image could be built from a valid model."""

    exit_code = 3


class DoesNotFitError(BuildError):
    """The image needs more memory than the board has.

    Attributes:
        memory: `"flash"` or `"ram"`, the memory that overflows.
        needed_bytes: What the image needs of it.
        available_bytes: What the board has of it.
    """

    def __init__(self, kind: str, memory: str, needed_bytes: int, available_bytes: int) -> None:
        self.memory = memory
        self.needed_bytes = needed_bytes
        self.available_bytes = available_bytes
        super().__init__(
            f"the image does not fit {kind}: it needs {needed_bytes:,} bytes of {memory} "
            f"and the board has {available_bytes:,}"
        )


class BoardError(HarnessError):
    """A board did not do its part.

    Attributes:
        board: The unit's name, as the user gave it.
    """

    exit_code = 4

    def __init__(self, board: str, message: str) -> None:
        self.board = board
        super().__init__(f"{board}: {message}")


class BusyError(BoardError):
    """Another process holds the board's lease."""


class QuarantinedError(BoardError):
    """The board is set aside until a person lifts it."""


class WrongChipError(BoardError):
    """Another chip is behind the probe than the board's kind says."""


class ProbeError(BoardError):
    """The debug probe cannot be found or opened."""


class FlashError(BoardError):
    """Programming or verifying the flash failed."""

    exit_code = 8


class BootError(BoardError):
    """The image does not announce itself after reset."""

    exit_code = 9


class LinkError(BoardError):
    """The serial line is silent, garbled or gone."""

    exit_code = 10


class StateLostError(LinkError):
    """The board restarted or nobody answers at all: asking again does not help."""


class ProtocolError(LinkError):
    """A well-formed line that the protocol does not allow at this point."""

    exit_code = 11


class CoreFaultError(BoardError):
    """The core stopped in a fault."""

    exit_code = 13


class WrongImageError(BoardError):
    """The board runs another image than the one that was flashed."""

    exit_code = 14


class MeasurementError(HarnessError):
    """Figures that cannot be trusted."""

    exit_code = 5


class TimerError(MeasurementError):
    """The device's clock does not tick as it should."""

    exit_code = 12


class MeterError(MeasurementError):
    """The power meter does not do its part.

    Attributes:
        meter: Its name.
    """

    exit_code = 15

    def __init__(self, meter: str, message: str) -> None:
        self.meter = meter
        super().__init__(f"meter {meter}: {message}")


class StoreError(HarnessError):
    """The result store cannot be read or written."""

    exit_code = 6


class SearchError(HarnessError):
    """No candidate can be chosen."""

    exit_code = 7
