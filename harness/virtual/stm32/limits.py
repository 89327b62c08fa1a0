"""How fast the core may run for a number of flash wait states and a voltage range."""

from harness.virtual.registers import UnmodelledAccessError

_MHZ = 1_000_000
# Highest HCLK for 0, 1, 2... wait states (RM0351 table 11; RM0432 table 12).
L4 = {
    "1": (16 * _MHZ, 32 * _MHZ, 48 * _MHZ, 64 * _MHZ, 80 * _MHZ),
    "2": (6 * _MHZ, 12 * _MHZ, 18 * _MHZ, 26 * _MHZ),
}
L4_PLUS = {
    "1 boost": (20 * _MHZ, 40 * _MHZ, 60 * _MHZ, 80 * _MHZ, 100 * _MHZ, 120 * _MHZ),
    "1": (20 * _MHZ, 40 * _MHZ, 60 * _MHZ, 80 * _MHZ),
    "2": (8 * _MHZ, 16 * _MHZ, 26 * _MHZ),
}


def check_speed(limits: dict[str, tuple[int, ...]], voltage_range: str, hz: int, wait_states: int) -> None:
    """Refuse a clock that the flash cannot follow.

    Args:
        limits: `L4` or `L4_PLUS`.
        voltage_range: A key of it.
        hz: Core clock.
        wait_states: As set in FLASH_ACR.

    Raises:
        UnmodelledAccessError: On silicon the core would read wrong instructions.
    """
    steps = limits[voltage_range]
    needed = next((number for number, limit in enumerate(steps) if hz <= limit), None)
    if needed is None:
        raise UnmodelledAccessError(
            f"the program runs the core at {hz / _MHZ:g} MHz; voltage range {voltage_range} allows "
            f"{steps[-1] / _MHZ:g} MHz"
        )
    if wait_states < needed:
        raise UnmodelledAccessError(
            f"the program runs the core at {hz / _MHZ:g} MHz with {wait_states} flash wait states; "
            f"voltage range {voltage_range} needs {needed}"
        )
