"""The debug port (ADIv5): DP registers, the AHB access port, and Nordic's control port of the nRF52."""

from collections.abc import Callable

from harness.virtual.memory import Bus, BusError
from harness.virtual.registers import UnmodelledAccessError

_DPIDR = {"cortex-m0": 0x0BB1_1477, "cortex-m4": 0x2BA0_1477}
_AHB_IDR = {"cortex-m0": 0x0477_0021, "cortex-m4": 0x2477_0011}
_CONTROL_IDR = 0x0288_0000
_ROM_TABLE = 0xE00F_F003  # present, 32-bit format

_ABORT, _CTRL_STAT, _SELECT, _RDBUFF = 0x0, 0x4, 0x8, 0xC
_POWER_REQUESTS = 0x5000_0000  # the acknowledge bits lie one above each
_STICKYERR = 1 << 5
_STKERRCLR = 1 << 2
_CSW, _TAR, _DRW, _CFG, _BASE, _IDR = 0x00, 0x04, 0x0C, 0xF4, 0xF8, 0xFC
_CSW_FIXED = 0x0300_0040  # device enabled, privileged data access
_WRAP = {"cortex-m0": 0x400, "cortex-m4": 0x1000}  # auto-increment stays within a block of this size


class SwdFaultError(Exception):
    """The port answers FAULT."""


class DebugPort:
    """DP and access ports of one chip.

    Args:
        core_type: `"cortex-m0"` or `"cortex-m4"`.
        bus: What the AHB-AP reads and writes.
        has_control_port: Whether access port 1 is Nordic's CTRL-AP.
        erase_all: What its ERASEALL does.
    """

    def __init__(
        self, core_type: str, bus: Bus, has_control_port: bool, erase_all: Callable[[], None]
    ) -> None:
        self._dpidr = _DPIDR[core_type]
        self._idr = _AHB_IDR[core_type]
        self._wrap = _WRAP[core_type]
        self._bus = bus
        self._has_control_port = has_control_port
        self._erase_all = erase_all
        self._select = self._control = self._csw = self._tar = self._buffered = 0
        self._sticky = False

    # Debug port registers.

    def read_dp(self, register: int) -> int:
        """Read DP register 0x0, 0x4, 0x8 or 0xC."""
        if register == 0x0:
            return self._dpidr
        if register == _CTRL_STAT:
            if self._select & 0xF:
                return 0
            acknowledged = (self._control & _POWER_REQUESTS) << 1
            return self._control | acknowledged | (_STICKYERR if self._sticky else 0)
        if register == _RDBUFF:
            return self._buffered
        return 0

    def write_dp(self, register: int, value: int) -> None:
        """Write DP register 0x0, 0x4, 0x8 or 0xC."""
        if register == _ABORT:
            if value & _STKERRCLR:
                self._sticky = False
        elif register == _CTRL_STAT and not self._select & 0xF:
            self._control = value & 0x5000_0F3F & ~_STICKYERR
        elif register == _SELECT:
            self._select = value

    # Access port registers.

    def _address(self, register: int) -> tuple[int, int]:
        if self._sticky:
            raise SwdFaultError
        return self._select >> 24, (self._select & 0xF0) | (register & 0xC)

    def read_ap(self, register: int, count: int) -> list[int]:
        """Read a register of the selected AP `count` times; DRW moves through memory.

        Raises:
            SwdFaultError: The transfer failed; the sticky error is set.
        """
        port, address = self._address(register)
        if port == 0 and address == _DRW:
            values = [self._memory(None) for _ in range(count)]
        else:
            values = [self._read_once(port, address)] * count
        self._buffered = values[-1] if values else self._buffered
        return values

    def _read_once(self, port: int, address: int) -> int:
        if port == 1 and self._has_control_port:
            return {_IDR: _CONTROL_IDR, 0x0C: 1}.get(address, 0)  # APPROTECTSTATUS: not protected
        if port != 0:
            return 0
        if 0x10 <= address < 0x20:
            return self._load((self._tar & ~0xF) + (address & 0xC), 4)
        return {
            _CSW: self._csw & 0x7F00_0037 | _CSW_FIXED, _TAR: self._tar,
            _BASE: _ROM_TABLE, _IDR: self._idr, _CFG: 0,
        }.get(address, 0)  # fmt: skip

    def write_ap(self, register: int, values: tuple[int, ...]) -> None:
        """Write a register of the selected AP once for each value; DRW moves through memory.

        Raises:
            SwdFaultError: The transfer failed; the sticky error is set.
        """
        port, address = self._address(register)
        for value in values:
            if port == 1 and self._has_control_port:
                self._write_control(address, value)
            elif port == 0:
                self._write_once(address, value)

    def _write_once(self, address: int, value: int) -> None:
        if address == _CSW:
            size = min(value & 7, 2)
            self._csw = value & ~7 | size
        elif address == _TAR:
            self._tar = value
        elif address == _DRW:
            self._memory(value)
        elif 0x10 <= address < 0x20:
            self._store((self._tar & ~0xF) + (address & 0xC), 4, value)

    def _write_control(self, address: int, value: int) -> None:
        if address == 0x04 and value & 1:  # ERASEALL works whatever the protection
            self._erase_all()

    def _memory(self, value: int | None) -> int:
        """One DRW transfer at TAR, on the byte lanes that the address chooses."""
        size = 1 << (self._csw & 3)
        shift = 8 * (self._tar & 3)
        result = 0
        if value is None:
            result = self._load(self._tar, size) << shift
        else:
            self._store(self._tar, size, value >> shift & ((1 << 8 * size) - 1))
        if self._csw & 0x30:
            self._tar = (self._tar & -self._wrap) | ((self._tar + size) & (self._wrap - 1))
        return result

    def _load(self, address: int, size: int) -> int:
        try:
            return self._bus.load(address, size)
        except (BusError, UnmodelledAccessError) as error:
            self._sticky = True
            raise SwdFaultError(str(error)) from error

    def _store(self, address: int, size: int, value: int) -> None:
        try:
            self._bus.store(address, size, value)
        except (BusError, UnmodelledAccessError) as error:
            self._sticky = True
            raise SwdFaultError(str(error)) from error
