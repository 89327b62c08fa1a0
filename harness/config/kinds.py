"""Board kinds: the facts of a type of board, read from `boards/<kind>.toml`."""

import difflib
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from harness.config.paths import board_dirs
from harness.errors import InputError

# What the title of a kind without a chip must say, so that nobody takes its figures for a chip's.
NO_CHIP = "no real chip"
ImageMode = Literal["performance", "energy"]
"""What a firmware image is built for."""
# Energy is measured at the speed of EnergyRunner's interface board.
_ENERGY_BAUD = 9600
# What both ports' baud registers can be set to within 2 % of the speed.
_BAUDS = {9600, 115_200, 230_400, 460_800, 921_600, 1_000_000}
_TIMERS = {"nordic": {"cortex-m0": "timer0", "cortex-m4": "dwt"}, "stm32l4": {"cortex-m4": "dwt"}}
# Pins by port: the firmware sets those that it drives by a register of the first 32 on nordic.
_NORDIC_DRIVEN_PINS = 32
# STM32L4: the pins choose the serial interface; 16 pins a GPIO port, so PB6 is 22.
_STM32L4_SERIAL_PINS = {
    (22, 23): "USART1 on PB6 and PB7",
    (9, 10): "USART1 on PA9 and PA10",
    (103, 104): "LPUART1 on PG7 and PG8",
}
_STM32L4_CLOCKS_HZ = (80_000_000, 120_000_000)


class Memory(BaseModel):
    """An address range: `origin` and `size_bytes`, both in bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    origin: int = Field(ge=0)
    size_bytes: int = Field(gt=0)


class Flash(Memory):
    """Program memory, and what the chip has to make up for its slowness.

    What of it is on, and how many wait states there are on an STM32L4, a virtual board takes from the registers that
    the program sets.

    Attributes:
        wait_states: Cycles that a read takes longer than one at `clock_hz`.
        read_bytes: What one read brings.
        code_cache_bytes: Length of the instruction cache.
        data_cache: Whether there is a cache or buffer for data.
        prefetch: Whether the next read can be begun ahead.
    """

    wait_states: int = Field(default=0, ge=0, le=15)
    read_bytes: Literal[4, 8, 16] = 4
    code_cache_bytes: int = Field(default=0, ge=0)
    data_cache: bool = False
    prefetch: bool = False


class Uart(BaseModel):
    """The serial line to the host: default speed and the pins it leaves on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    baud: int = Field(gt=0)
    tx_pin: int = Field(ge=0)
    rx_pin: int = Field(ge=0)


class Power(BaseModel):
    """What the chip draws, for the simulated meter of virtual boards.

    Attributes:
        supply_mv: Supply voltage that the currents hold at, in millivolts.
        run_ua: Current while the core executes, in microamperes.
        sleep_ua: Current while it waits for an event, in microamperes.
        source: Where the figures are from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    supply_mv: int = Field(ge=1800, le=3300)
    run_ua: float = Field(gt=0)
    sleep_ua: float = Field(gt=0)
    source: str = Field(min_length=1)


class BoardKind(BaseModel):
    """The facts of one type of board.

    Attributes:
        name: The file's stem, as used in `virtual:<name>` and in bench.toml.
        title: Vendor's name of the board and its chip.
        core: Instruction set and cost table.
        clock_hz: Core clock the firmware sets up.
        pyocd_target: Name of the pyOCD target type.
        port: Folder of `firmware_templates/ports/` with the chip's start-up, UART and timer.
        timer: Cycle source of the firmware: `dwt` (CYCCNT) or `timer0` (32-bit TIMER0 at 16 MHz).
        timer_hz: Rate of that source, which must be that of the core: it counts core cycles.
        timestamp_pin: Pin whose falling edges are the time stamps of energy mode, as the port numbers pins.
        virtual: Whether a virtual twin exists.
        virtual_only: Whether there is no such chip, only the virtual board; its title says so.
        doc: Page with what to plug where.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    core: Literal["cortex-m0", "cortex-m4"]
    clock_hz: int = Field(gt=0)
    pyocd_target: str
    port: Literal["nordic", "stm32l4"]
    timer: Literal["dwt", "timer0"]
    timer_hz: int = Field(gt=0)
    timestamp_pin: int = Field(ge=0)
    virtual: bool
    virtual_only: bool = False
    doc: str
    flash: Flash
    ram: Memory
    uart: Uart
    power: Power

    def pin_name(self, pin: int) -> str:
        """What the chip's manual calls a pin: `"P0.06"`, `"PB6"`."""
        if self.port == "nordic":
            return f"P{pin // 32}.{pin % 32:02}"
        return f"P{chr(ord('A') + pin // 16)}{pin % 16}"

    def baud_of(self, mode: ImageMode) -> int:
        """Speed of the serial line of an image in `mode`, bits a second."""
        return _ENERGY_BAUD if mode == "energy" else self.uart.baud

    @model_validator(mode="after")
    def _sound(self) -> "BoardKind":
        if self.timer_hz != self.clock_hz:
            raise ValueError(
                f"timer_hz {self.timer_hz} is not clock_hz {self.clock_hz}: the timer counts core cycles"
            )
        timer = _TIMERS[self.port].get(self.core)
        if self.timer != timer:
            raise ValueError(
                f"timer {self.timer!r}: port {self.port!r} has {timer or 'nothing'} for a {self.core}"
            )
        if self.uart.baud not in _BAUDS:
            raise ValueError(f"uart.baud {self.uart.baud} is not one of {sorted(_BAUDS)}")
        if self.port == "nordic":
            self._check_nordic()
        else:
            self._check_stm32l4()
        if self.timestamp_pin in (self.uart.tx_pin, self.uart.rx_pin):
            raise ValueError(f"timestamp_pin {self.timestamp_pin} is a pin of the serial line")
        if self.virtual_only and not (self.virtual and NO_CHIP in self.title):
            raise ValueError(f"a virtual_only kind has virtual = true and {NO_CHIP!r} in its title")
        return self

    def _check_nordic(self) -> None:
        for name, pin in (("uart.tx_pin", self.uart.tx_pin), ("timestamp_pin", self.timestamp_pin)):
            if pin >= _NORDIC_DRIVEN_PINS:
                raise ValueError(f"{name} {pin} is none of port 0's; choose one below {_NORDIC_DRIVEN_PINS}")

    def _check_stm32l4(self) -> None:
        pins = (self.uart.tx_pin, self.uart.rx_pin)
        if pins not in _STM32L4_SERIAL_PINS:
            known = "; ".join(f"{pair} is {name}" for pair, name in _STM32L4_SERIAL_PINS.items())
            raise ValueError(f"uart.tx_pin and rx_pin {pins}: {known} (16 pins a port)")
        if self.clock_hz not in _STM32L4_CLOCKS_HZ:
            raise ValueError(f"clock_hz {self.clock_hz} is not one of {_STM32L4_CLOCKS_HZ}")


def kind_names() -> list[str]:
    """Names of all kinds, sorted."""
    return sorted(_files())


def _files() -> dict[str, Path]:
    """File of each kind, by its name."""
    found: dict[str, Path] = {}
    for folder in board_dirs():
        for path in folder.glob("*.toml"):
            if path.stem in found:
                raise InputError(
                    f"{path}: there is a kind {path.stem!r} already, in {found[path.stem]}; rename it"
                )
            found[path.stem] = path
    return found


@cache
def load_kind(name: str) -> BoardKind:
    """The kind called `name`.

    Raises:
        InputError: There is no such kind, or its file is wrong (with file, key and value).
    """
    files = _files()
    if name not in files:
        near = difflib.get_close_matches(name, files, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known kinds: {', '.join(sorted(files))}"
        raise InputError(f"unknown board kind {name!r}; {hint}")
    return read_kind(files[name])


def read_kind(path: Path) -> BoardKind:
    """Read and check one kind's file.

    Raises:
        InputError: The file is not TOML or a key is missing, unknown or out of range.
    """
    try:
        content = tomllib.loads(path.read_text())
        return BoardKind(name=path.stem, **content)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from error
    except (ValidationError, TypeError) as error:
        raise InputError(f"{path}: {describe_validation(error)}") from error


def describe_validation(error: ValidationError | TypeError) -> str:
    """First fault of a validation as `key: value: what is wrong`."""
    if isinstance(error, TypeError):
        return str(error)
    first = error.errors()[0]
    if not first["loc"]:
        return first["msg"].removeprefix("Value error, ")
    key = ".".join(str(part) for part in first["loc"])
    return f"key {key!r} with value {first['input']!r}: {first['msg']}"
