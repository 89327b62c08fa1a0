"""What a power meter must do for a measurement."""

from typing import Protocol

from harness.measure.meters.trace import Trace


class Meter(Protocol):
    """A meter in the board's supply that also sees the time stamp's pin.

    Attributes:
        name: What a row says of it, as `lpm01a`.
        simulated: Whether no current flows through it.
        supply_mv: Voltage it supplies, in millivolts; None where something else supplies the board.
    """

    name: str
    simulated: bool
    supply_mv: int | None

    def start(self) -> None:
        """Begin to record.

        Raises:
            MeterError: It does not obey.
        """

    def stop(self) -> Trace:
        """End the recording and give it.

        Raises:
            MeterError: It does not obey, or what it sent cannot be read.
        """

    def close(self) -> None:
        """Let it go; the board stays supplied."""
