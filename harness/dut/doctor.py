"""Examination of a board that goes on where its probe ends: port, speed, boot, timer, protocol, mode."""

from collections.abc import Iterator
from pathlib import Path

import serial

from harness.bench import LeasedBoard
from harness.bench.examine import BadCheckError, Check, Step, probe_steps, run_steps
from harness.dut.client import Dut
from harness.dut.identify import find_baud
from harness.dut.replies import Boot
from harness.errors import BootError

_BOOT_S = 3.0
_TIMER_FAILED = "cycle counter does not count"
_TO_FLASH = "flash a program first: `harness boards doctor {name} --image IMAGE.elf`, or any `harness bench`"


class _Line:
    """The steps over the serial line of one board; each needs those before it."""

    def __init__(self, board: LeasedBoard) -> None:
        self._board = board
        self._port: serial.Serial | None = None
        self._dut: Dut | None = None
        self._boot: Boot | None = None

    def steps(self) -> list[Step]:
        return [
            ("port opens", self._opens),
            ("boot message at the right speed", self._boots),
            ("timer", self._timer),
            ("protocol", self._protocol),
            ("mode", self._mode),
        ]

    def close(self) -> None:
        if self._port is not None:
            self._port.close()

    def _opens(self) -> str:
        self._port = self._board.open_serial()
        return f"{self._board.port_path} at {self._board.baud} baud"

    def _boots(self) -> str:
        assert self._port is not None
        self._dut = Dut(self._port, self._board.name)
        try:
            self._boot = self._listen()
        except BootError as error:
            fault = self._board.fault()
            if fault:
                raise BadCheckError(
                    f"the program stopped: {fault}", _TO_FLASH.format(name=self._board.name)
                ) from error
            baud = find_baud(self._is_understood, self._board.baud)
            self._port.baudrate = self._board.baud
            if baud is not None:
                raise BadCheckError(
                    f"the board talks at {baud} baud and not at {self._board.baud}",
                    f"write baud = {baud} in the bench file, or flash an image of this mode",
                ) from error
            raise BadCheckError(
                "no boot message after a reset, at no common speed",
                "check that the port is this board's (`harness boards detect`), else "
                + _TO_FLASH.format(name=self._board.name),
            ) from error
        return f"announced at {self._board.baud} baud"

    def _listen(self) -> Boot:
        assert self._port is not None and self._dut is not None
        self._port.reset_input_buffer()
        self._board.reset()
        return self._dut.wait_boot(_BOOT_S)

    def _is_understood(self, baud: int) -> bool:
        assert self._port is not None
        self._port.baudrate = baud
        try:
            return bool(self._listen())
        except BootError:
            return False

    def _timer(self) -> str:
        assert self._dut is not None and self._boot is not None
        if any(_TIMER_FAILED in line for line in self._boot.chatter):
            raise BadCheckError(
                "its self-test says that the cycle counter stands still", "this chip cannot time; use another"
            )
        if self._boot.mode == "energy":
            return "its self-test passed (in energy mode it gives no time stamps)"
        first, second = self._dut.timestamp_us(), self._dut.timestamp_us()
        if first == second:
            raise BadCheckError(f"two time stamps are both {first} us", "this chip cannot time; use another")
        return f"its self-test passed, and {(second - first) % 2**32} us passed between two time stamps"

    def _protocol(self) -> str:
        assert self._dut is not None
        info = self._dut.info()
        if info is None:
            return f"EnergyRunner without this harness's extensions ({self._dut.name()})"
        if info.kind != self._board.kind.name:
            raise BadCheckError(
                f"the program is for {info.kind} and the bench file says {self._board.kind.name}",
                "correct `kind` or `port` in the bench file",
            )
        return f"version {info.protocol} of the extensions, build {info.build}"

    def _mode(self) -> str:
        assert self._boot is not None
        if self._boot.mode != "performance":
            raise BadCheckError(
                f"the program announces mode {self._boot.mode}",
                "for timing and accuracy flash an image of performance mode, as every `harness bench` does",
            )
        return "performance"


def examine(board: LeasedBoard, image: Path | None = None) -> Iterator[Check]:
    """Examine a board from its probe to its program.

    Args:
        board: The board, leased.
        image: Program to flash; None to look at the one that is there.
    """
    line = _Line(board)
    try:
        yield from run_steps(board, [*probe_steps(board, image), *line.steps()])
    finally:
        line.close()
